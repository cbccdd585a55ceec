#include "formats/open_model.h"
#include "graph/tensor_files.h"
#include "run/npz_writer.h"
#include "run/result_message.h"
#include "run/run_client.h"
#include "support/onnx_builder.h"
#include "support/onnx_tensor.h"
#include "support/program.h"
#include "support/scripted_helper.h"

#include <QProcess>
#include <QRegularExpression>
#include <QtTest>

using namespace quantscope;
using test::digitsRequest;
using test::realHelper;
using namespace std::chrono_literals;

/// What a helper that stays keeps, and what it looks at before it takes it again.
class TestKeptHelper : public QObject, protected test::ScriptedHelpers {
    Q_OBJECT

private Q_SLOTS:
    /// Tensors in a file beside the model: rewritten in its place, renamed into it, taken away, and there again.
    void tensorFilesThatChange()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        QTemporaryDir folder;
        const QString data = folder.filePath("w.bin");
        const auto writes = [&](const QString &path, const std::string &bytes) {
            QFile file(path);
            return file.open(QIODevice::WriteOnly)
                && file.write(bytes.data(), static_cast<qsizetype>(bytes.size())) > 0;
        };
        const auto weights = [](float a, float b) { return test::proto::bytesOf(std::vector{a, b}); };
        RunRequest request;
        request.model.path = folder.filePath("m.onnx").toStdString();
        request.outputs = true;
        QVERIFY(writes(folder.filePath("m.onnx"),
            test::OnnxBuilder()
                .input("x")
                .output("y")
                .initializer(test::proto::external("w", 1, {2}, "w.bin", 0))
                .node("Mul", {"x", "w"}, {"y"})
                .model()));
        auto arrays = NpzWriter::create(folder.filePath("x.npz").toStdString());
        arrays->add("x", {1, 2}, std::vector<float>{1, 10});
        QVERIFY(arrays->commit());
        request.data.samples = folder.filePath("x.npz").toStdString();
        RunClientOptions options;
        options.program = realHelper();
        RunClient client(options);
        const std::function<bool()> steps[] = {[&] { return writes(data, weights(2, 3)); }, [] { return true; },
            [&] { return writes(data, weights(4, 5)); },
            [&] {
                return writes(data + ".new", weights(6, 7)) && QFile::remove(data)
                    && QFile::rename(data + ".new", data);
            },
            [&] { return QFile::remove(data); }, [&] { return writes(data, weights(8, 9)); }};
        QStringList said;
        pid_t first = 0;
        for (const auto &step : steps) {
            QVERIFY(step());
            const auto file = openModel(request.model.path);
            QVERIFY(file);
            QCOMPARE(tensorFiles(**file), std::vector<std::string>{data.toStdString()}); // there or not
            const auto ran = client.run(request);
            said << (!ran          ? QString::fromStdString(ran.error().message)
                    : ran->stopped ? QString::fromStdString(*ran->stopped)
                                   : QString("%1 %2")
                                         .arg(double(ran->outputs.at(0).values.at(0)))
                                         .arg(double(ran->outputs.at(0).values.at(1))));
            first = first == 0 ? client.pid() : first;
            QCOMPARE(client.pid(), first); // kept
        }
        QCOMPARE(said,
            (QStringList{"2 30", "2 30", "4 50", "6 70",
                "node of y (Mul): external data: 'w.bin' is not a file beside the model", "8 90"}));
    }

    /// What activations may take is told with each run, and results do not depend on it.
    void memory()
    {
        RunResult result;
        result.samples = 3;
        const QString told = m_folder.filePath("told"),
                      ran = test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{}, true}))
            + test::printedFrame(FrameType::DataTaken, payloadOf(DataTakenMessage{3}))
            + test::printedFrame(FrameType::Finished, payloadOf(result)),
                      again = test::printedFrame(FrameType::Opened, payloadOf(OpenedMessage{{}, true}))
            + test::printedFrame(FrameType::Finished, payloadOf(result));
        RunClient client(helperThat(test::printedFrame(FrameType::Hello, payloadOf(ownHello())) + ran + again + again
            + "exec cat >" + told + "\n"));
        for (const std::optional<std::uint64_t> bytes : {std::optional<std::uint64_t>(),
                 std::optional<std::uint64_t>(0), std::optional<std::uint64_t>(256 * kMegabyte)}) {
            if (bytes)
                client.setMemoryLimit(*bytes);
            QVERIFY(client.run(digitsRequest()));
        }
        const auto memories = [&] {
            QFile file(told);
            QStringList out;
            if (file.open(QIODevice::ReadOnly)) {
                const QString text = QString::fromLatin1(file.readAll());
                static const QRegularExpression member("\"memory\":([0-9]+)");
                for (auto match = member.globalMatch(text); match.hasNext();)
                    out << match.next().captured(1);
            }
            return out;
        };
        QTRY_COMPARE(memories(), (QStringList{"1000000000", "0", "256000000"}));
    }

    /// Started by a person it says what it is, and of which version: that of the command line beside it.
    void wordsOfTheProgram()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        const auto said = [](const QStringList &arguments) {
            QProcess program;
            program.start(QString::fromStdString(realHelper()), arguments);
            program.closeWriteChannel();
            program.waitForFinished();
            return QStringList{QString::number(program.exitStatus() == QProcess::NormalExit ? program.exitCode() : -1),
                program.readAllStandardOutput(), program.readAllStandardError()};
        };
        const QString version = test::runWith({"--version"}).out.trimmed();
        QVERIFY2(version.startsWith("quantscope "), qPrintable(version));
        QCOMPARE(said({"--version"}), (QStringList{"0", "quantscope-torch" + version.mid(10) + "\n", ""}));
        QCOMPARE(said({"model.pt"}),
            (QStringList{"2", "",
                "quantscope-torch is started by quantscope run and by the window, and takes no arguments but "
                "--version\n"}));
        QCOMPARE(said({}), (QStringList{"0", "", ""})); // its input has ended
    }

    void memoryChangesNoBit()
    {
        if (realHelper().empty())
            QSKIP("quantscope-torch is not built");
        RunClientOptions options;
        options.program = realHelper();
        RunClient client(options);
        RunRequest request = digitsRequest();
        request.outputs = true;
        std::vector<std::vector<std::string>> printed(2);
        pid_t first = 0;
        for (const std::uint64_t limit : {4000 * kMegabyte, std::uint64_t{0}, kMegabyte, 4000 * kMegabyte}) {
            client.setMemoryLimit(limit);
            for (const std::size_t choice : {0u, 1u}) {
                request.with = choice == 0 ? std::vector<std::string>() : std::vector<std::string>{"fc2=ap_fixed<3,0>"};
                const auto ran = client.run(request);
                QVERIFY2(ran, ran ? "" : ran.error().text().c_str());
                printed[choice].push_back(payloadOf(*ran));
            }
            first = first == 0 ? client.pid() : first;
            QCOMPARE(client.pid(), first); // it is kept
        }
        for (const auto &results : printed)
            for (const std::string &one : results)
                QCOMPARE(one, results.front());
        QVERIFY(printed[0].front() != printed[1].front());
    }
};

QTEST_GUILESS_MAIN(TestKeptHelper)
#include "tst_kept_helper.moc"
