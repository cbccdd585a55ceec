#include "run/npz_writer.h"
#include "run/result_message.h"
#include "run/run_client.h"
#include "run/sample_file.h"
#include "support/scripted_helper.h"

#include <csignal>

#include <QtTest>

using namespace quantscope;
using test::digitsRequest;
using test::realHelper;
using namespace std::chrono_literals;

/// What becomes of a helper that misbehaves, played by shell scripts; and of the real one where it is built.
class TestRunClient : public QObject, protected test::ScriptedHelpers {
    Q_OBJECT

private Q_SLOTS:
    void misbehaving_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("says");
        const QString hello = test::printedFrame(FrameType::Hello, payloadOf(ownHello()));
        QTest::newRow("killed") << "kill -9 $$\n"
                                << "was ended by signal 9 (Killed)";
        QTest::newRow("crashed") << "kill -SEGV $$\n"
                                 << "was ended by signal 11";
        QTest::newRow("a library is missing")
            << "echo 'error while loading shared libraries: libtorch_cpu.so.1.13' >&2; exit 127\n"
            << "ended with status 127: error while loading shared libraries: libtorch_cpu.so.1.13";
        QTest::newRow("text") << "echo Traceback; sleep 60\n"
                              << "which is none";
        QTest::newRow("another version")
            << test::printedFrame(FrameType::Hello, payloadOf(HelloMessage{1, "9.9.9"})) + "sleep 60\n"
            << "is of version 9.9.9 (protocol 1), and this program of 0.1.0 (protocol 1): install both of one version";
        QTest::newRow("no version") << test::printedFrame(FrameType::Hello, "{}") + "sleep 60\n"
                                    << "a message has no 'protocol'";
        QTest::newRow("another answer") << hello + test::printedFrame(FrameType::Finished, "{}") + "sleep 60\n"
                                        << "it sent a frame of type 9 where 3 belongs";
        QTest::newRow("half a frame") << hello + "printf '\\1\\0'; timeout 1 cat >/dev/null\n"
                                      << "ended within a frame";
        QTest::newRow("silent") << hello + "sleep 60\n"
                                << "it was silent for 2 seconds";
        QTest::newRow("an error of its own") << hello
                + test::printedFrame(FrameType::Failed, payloadOf(Error{ErrorKind::Parse, "m.onnx", 16, "is damaged"}))
                + "sleep 60\n"
                                             << "m.onnx: is damaged (at offset 0x10)";
    }

    /// One sentence each, status 3, and the next run begins anew.
    void misbehaving()
    {
        QFETCH(QString, script);
        QFETCH(QString, says);
        RunClient client(helperThat(script));
        for (int i = 0; i < 2; ++i) {
            const auto result = client.run(digitsRequest());
            QVERIFY(!result);
            const std::string text = result.error().text();
            QVERIFY2(QString::fromStdString(text).contains(says), text.c_str());
            QVERIFY(!QString::fromStdString(text).contains('\n'));
            QVERIFY(result.error().kind == ErrorKind::Io || says.startsWith("m.onnx"));
            client.stop();
        }
    }

    /// What it kept is gone then: the model is opened and the data are handed over again.
    void outOfMemory()
    {
        const Error full{ErrorKind::Io, "m.onnx", {}, "there is not enough memory to run it"};
        RunResult result;
        result.samples = 3;
        const QString opened = test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{"a note"}, false})),
                      taken = test::printedFrame(FrameType::DataTaken, payloadOf(DataTakenMessage{3}));
        RunClient client(helperThat(test::printedFrame(FrameType::Hello, payloadOf(ownHello())) + opened + taken
            + test::printedFrame(FrameType::Failed, payloadOf(full)) + opened + taken
            + test::printedFrame(FrameType::Finished, payloadOf(result)) + "sleep 60\n"));
        const auto first = client.run(digitsRequest());
        QVERIFY(!first);
        QCOMPARE(QString::fromStdString(first.error().text()), QString("m.onnx: there is not enough memory to run it"));
        const auto second = client.run(digitsRequest());
        QVERIFY2(second, second ? "" : second.error().text().c_str());
        QCOMPARE(second->samples, std::uint64_t{3});
        QCOMPARE(second->notes, std::vector<std::string>{"a note"});
    }

    /// Whatever a model is opened from is looked at before each run: what a kept helper says is what a new one says.
    void filesThatChange()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        QTemporaryDir folder;
        const auto copied = [&](const char *name, const char *as) {
            QFile::remove(folder.filePath(as));
            return QFile::copy(QString::fromStdString(test::sample(name)), folder.filePath(as));
        };
        QVERIFY(copied("digits_fixed.pt", "model.pt") && copied("digits_fixed_qonnx.onnx", "model_qonnx.onnx"));
        RunRequest request = digitsRequest();
        request.model.path = folder.filePath("model.pt").toStdString();
        RunClientOptions options;
        options.program = realHelper();
        RunClient client(options);
        const auto write = [&](const QByteArray &recipe) {
            QFile file(folder.filePath("model.recipe.toml"));
            return file.open(QIODevice::WriteOnly) && file.write(recipe) == recipe.size();
        };
        QFile own(QString::fromStdString(test::sample("digits_fixed.recipe.toml")));
        QVERIFY(own.open(QIODevice::ReadOnly));
        const QByteArray recipe = own.readAll();
        QByteArray coarse = recipe;
        coarse += "\n[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"ap_fixed<2,0>\"\n";
        QList<std::uint64_t> correct;
        const std::function<bool()> steps[] = {[] { return true; }, [&] { return write(recipe); },
            [&] { return write(coarse); }, [&] { return QFile::remove(folder.filePath("model.recipe.toml")); },
            [&] {
                return copied("digits_float.pt", "model.pt") && copied("digits_float_qonnx.onnx", "model_qonnx.onnx");
            }};
        for (const auto &step : steps) {
            QVERIFY(step());
            const auto kept = client.run(request), anew = RunClient(options).run(request);
            QVERIFY2(kept && anew, kept ? "" : kept.error().text().c_str());
            QCOMPARE(kept->correct.value_or(0), anew->correct.value_or(0));
            QCOMPARE(kept->notes, anew->notes);
            correct << kept->correct.value_or(0);
        }
        QCOMPARE(correct[0], std::uint64_t{355});
        QCOMPARE(correct[1], std::uint64_t{355});
        QVERIFY(correct[2] != 355);
        QCOMPARE(correct[3], std::uint64_t{355});
        QCOMPARE(correct[4], std::uint64_t{352});
    }

    /// Data and labels are read again where their file is another.
    void dataThatChange()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        QTemporaryDir folder;
        const std::string images = folder.filePath("images.npz").toStdString(),
                          labels = folder.filePath("labels.npy").toStdString();
        auto all = SampleFile::open(test::sample("digits_test.npz") + ":images");
        const auto own = readLabels(test::sample("digits_test.npz") + ":labels", 360);
        QVERIFY(all && own);
        constexpr std::uint64_t kCount = 40;
        const auto writeImages = [&](float factor) {
            const auto bytes = all->read(0, kCount, DType::Float32);
            std::vector<float> values(bytes.size() / sizeof(float));
            std::memcpy(values.data(), bytes.data(), bytes.size());
            for (float &value : values)
                value *= factor;
            auto writer = NpzWriter::create(images);
            writer->add("x", {kCount, 1, 8, 8}, values);
            return writer->commit().has_value();
        };
        const auto writeLabels = [&](std::optional<char> always) {
            const QByteArray dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (40,), }";
            QByteArray file = QByteArray("\x93NUMPY\x01\0\x76\0", 10) + dict.leftJustified(117, ' ') + '\n';
            for (std::uint64_t i = 0; i < kCount; ++i)
                file += always.value_or(static_cast<char>((*own)[i]));
            QFile out(QString::fromStdString(labels));
            return out.open(QIODevice::WriteOnly) && out.write(file) == file.size();
        };
        RunRequest request = digitsRequest();
        request.data = {images, labels, {}};
        RunClientOptions options;
        options.program = realHelper();
        RunClient client(options);
        std::vector<std::uint64_t> correct;
        const std::function<bool()> steps[] = {[&] { return writeImages(1) && writeLabels({}); },
            [&] { return writeImages(0); }, [&] { return writeLabels(3); }};
        for (const auto &step : steps) {
            QVERIFY(step());
            const auto kept = client.run(request), anew = RunClient(options).run(request);
            QVERIFY2(kept && anew, kept ? "" : kept.error().text().c_str());
            QCOMPARE(kept->correct, anew->correct);
            correct.push_back(kept->correct.value_or(99));
        }
        QCOMPARE(correct[0], kCount);
        QVERIFY(correct[1] < kCount && correct[1] > 0); // zeros are one class for all
        QVERIFY(correct[2] == 0 || correct[2] == kCount);
    }

    void missing()
    {
        RunClientOptions options;
        options.program = "/nonexistent/quantscope-torch";
        const auto result = RunClient(options).run(digitsRequest());
        QVERIFY(!result);
        QCOMPARE(QString::fromStdString(result.error().text()),
            QString("/nonexistent/quantscope-torch: cannot be started: No such file or directory"));
    }

    /// It is given half a second to answer; then its process is ended.
    void cancelledWithoutAnAnswer()
    {
        RunClient client(helperThat(test::printedFrame(FrameType::Hello, payloadOf(ownHello())) + "sleep 60\n"));
        QElapsedTimer timer;
        timer.start();
        const auto result = client.run(
            digitsRequest(), Progress([&](std::uint64_t, std::uint64_t) { return timer.elapsed() < 300; }));
        QVERIFY(!result && result.error().kind == ErrorKind::Cancelled);
        QVERIFY(!client.isRunning());
        QVERIFY2(timer.elapsed() < 10000, "it waited for longer than it says");
    }

    /// What is opened while its answer is thrown away has no data: they are handed over, though the same were before.
    void cancelledWhileOpening()
    {
        RunResult result;
        result.samples = 3;
        const QString taken = test::printedFrame(FrameType::DataTaken, payloadOf(DataTakenMessage{3})),
                      finished = test::printedFrame(FrameType::Finished, payloadOf(result));
        const auto opened = [](bool kept) {
            return test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{}, kept}));
        };
        RunRequest other = digitsRequest();
        other.model.path = test::sample("digits_float_qonnx.onnx");
        RunMessage first;
        first.memoryLimit = RunClientOptions().memoryLimit;
        std::size_t sent = 0; // up to the question that is cancelled
        for (const std::string &payload : {payloadOf(ownHello()), payloadOf(digitsRequest().model),
                 payloadOf(digitsRequest().data), payloadOf(first), payloadOf(other.model)})
            sent += 5 + payload.size();
        RunClientOptions options = helperThat(test::printedFrame(FrameType::Hello, payloadOf(ownHello()))
            + opened(false) + taken + finished + QString("head -c %1 >/dev/null; sleep 1\n").arg(sent) + opened(false)
            + opened(true) + taken + finished + "sleep 60\n");
        options.cancelled = 20s;
        RunClient client(options);
        QVERIFY(client.run(digitsRequest()));
        const auto cancelled = client.run(other, Progress([](std::uint64_t, std::uint64_t) { return false; }));
        QVERIFY(!cancelled && cancelled.error().kind == ErrorKind::Cancelled);
        const auto after = client.run(other);
        QVERIFY2(after, after ? "" : after.error().text().c_str());
        QCOMPARE(after->samples, std::uint64_t{3});
    }

    void cancelledAndKept()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        RunClientOptions options;
        options.program = realHelper();
        options.cancelled = 20s; // under sanitizers and load a node takes its time
        RunClient client(options);
        const auto before = client.run(digitsRequest());
        QVERIFY2(before, before ? "" : before.error().text().c_str());
        QCOMPARE(before->correct.value_or(0), std::uint64_t{355});
        const pid_t pid = client.pid();
        RunRequest other = digitsRequest();
        other.with = {"conv1=ap_fixed<3,0>"};
        const auto cancelled = client.run(other, Progress([](std::uint64_t, std::uint64_t) { return false; }));
        QVERIFY(!cancelled && cancelled.error().kind == ErrorKind::Cancelled);
        QCOMPARE(client.pid(), pid); // and what it remembers
        const auto after = client.run(digitsRequest());
        QVERIFY(after && after->correct == before->correct);
    }

    /// Ended in the middle of a run: a sentence, and the next run is as if nothing had been.
    void killedInTheMiddle()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        RunClientOptions options;
        options.program = realHelper();
        RunClient client(options);
        const auto killed = client.run(digitsRequest(), Progress([&](std::uint64_t done, std::uint64_t) {
            if (done > 0)
                ::kill(client.pid(), SIGKILL);
            return true;
        }));
        if (!killed) // it may have been faster than its first word
            QVERIFY2(QString::fromStdString(killed.error().text()).contains("was ended by signal 9 (Killed)"),
                killed.error().text().c_str());
        RunRequest request = digitsRequest();
        request.outputs = true;
        const auto after = client.run(request);
        QVERIFY2(after, after ? "" : after.error().text().c_str());
        QCOMPARE(after->correct.value_or(0), std::uint64_t{355});
        QCOMPARE(after->outputs.at(0).values.size(), std::size_t{3600});
    }
};

QTEST_GUILESS_MAIN(TestRunClient)
#include "tst_run_client.moc"
