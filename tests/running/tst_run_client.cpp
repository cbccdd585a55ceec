#include "run/run_client.h"
#include "support/paths.h"
#include "support/run_helper.h"

#include <csignal>

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using namespace std::chrono_literals;

namespace {

RunRequest digitsRequest()
{
    RunRequest out;
    out.model.path = test::sample("digits_fixed_qonnx.onnx");
    out.data = {test::sample("digits_test.npz") + ":images", test::sample("digits_test.npz") + ":labels", {}};
    return out;
}

std::string realHelper()
{
    const QString folder = test::helperFolder();
    return folder.isEmpty() ? "" : folder.toStdString() + "/quantscope-torch";
}

} // namespace

/// What becomes of a helper that misbehaves, played by shell scripts; and of the real one where it is built.
class TestRunClient : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    RunClientOptions helperThat(const QString &script)
    {
        QFile file(m_folder.filePath(QString("helper%1").arg(++m_count)));
        if (!file.open(QIODevice::WriteOnly) || file.write(("#!/bin/sh\n" + script).toUtf8()) < 0)
            qFatal("cannot write");
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        RunClientOptions out;
        out.program = file.fileName().toStdString();
        out.silence = 2s;
        return out;
    }
    int m_count = 0;

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
