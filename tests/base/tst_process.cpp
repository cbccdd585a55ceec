#include "base/process.h"
#include "base/writer_mark.h"

#include <QtTest>

#include <QTemporaryDir>

using namespace quantscope;

class TestProcess : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void processesEnd_data();
    void processesEnd();
    void cancellingEndsTheProcess();
    void temporaryFoldersGo();
    void noTemporaryFolderIsAnError();
};

void TestProcess::processesEnd_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("output");
    QTest::newRow("success") << QStringList{"true"} << 0 << QByteArray();
    QTest::newRow("failure") << QStringList{"false"} << 1 << QByteArray();
    QTest::newRow("no shell reads the arguments")
        << QStringList{"echo", "$HOME; ls *", "`id`"} << 0 << QByteArray("$HOME; ls * `id`\n");
    QTest::newRow("input is empty") << QStringList{"cat"} << 0 << QByteArray();
    QTest::newRow("a signal") << QStringList{"sh", "-c", "kill -9 $$"} << 128 + 9 << QByteArray();
    QTest::newRow("errors are collected")
        << QStringList{"sh", "-c", "echo out; echo err >&2; exit 3"} << 3 << QByteArray("out\nerr\n");
}

void TestProcess::processesEnd()
{
    QFETCH(QStringList, arguments);
    const auto made = TemporaryFolder::make();
    QVERIFY(made.has_value());
    const TemporaryFolder &folder = *made;
    std::vector<std::string> words;
    for (const QString &argument : arguments)
        words.push_back(argument.toStdString());
    words[0] = findProgram(words[0]);
    const ProcessResult result = runProcess(words, folder, std::chrono::seconds(30));
    QVERIFY(result.started && !result.timedOut);
    QTEST(result.status, "status");
    QTEST(QByteArray::fromStdString(result.output), "output");
}

void TestProcess::cancellingEndsTheProcess()
{
    const auto made = TemporaryFolder::make();
    QVERIFY(made.has_value());
    const TemporaryFolder &folder = *made;
    const QByteArray mark = QByteArray::fromStdString(folder.file("still-running"));
    // The child of the shell must end too: it would make the file.
    const std::vector<std::string> command
        = {findProgram("sh"), "-c", "(sleep 2; echo x > '" + mark.toStdString() + "') & sleep 60"};
    int calls = 0;
    const Progress progress([&](std::uint64_t, std::uint64_t) { return ++calls < 5; });
    QVERIFY_EXCEPTION_THROWN(runProcess(command, folder, std::chrono::seconds(50), progress), CancelledError);
    const ProcessResult late = runProcess({findProgram("sleep"), "60"}, folder, std::chrono::seconds(0));
    QVERIFY(late.timedOut && !late.ok());
    QTest::qWait(2500);
    QVERIFY(!QFile::exists(QString::fromUtf8(mark)));
    QVERIFY(!runProcess({"/nowhere/program"}, folder, std::chrono::seconds(5)).ok());
}

void TestProcess::temporaryFoldersGo()
{
    QString path;
    {
        auto first = TemporaryFolder::make();
        auto second = TemporaryFolder::make();
        QVERIFY(first.has_value() && second.has_value());
        QVERIFY(first->path() != second->path());
        path = QString::fromStdString(first->path());
        QVERIFY(QDir(path).mkpath("below/it"));
        QFile file(QString::fromStdString(first->file("below/it/x")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const TemporaryFolder moved = std::move(*first);
        first = std::move(second); // the moved one keeps the folder
        QVERIFY(QDir(path).exists());
    }
    QVERIFY(!QDir(path).exists());
}

void TestProcess::noTemporaryFolderIsAnError()
{
    const QByteArray before = qgetenv("TMPDIR");
    qputenv("TMPDIR", "/proc/self"); // nobody makes folders there
    const auto folder = TemporaryFolder::make();
    before.isNull() ? void(qunsetenv("TMPDIR")) : void(qputenv("TMPDIR", before));
    QVERIFY(!folder.has_value());
    QCOMPARE(folder.error().kind, ErrorKind::Io);
    const std::string named = "/proc/self/quantscope-" + writerMark() + "-XXXXXX";
    QVERIFY(folder.error().text().starts_with(named + ": no temporary folder can be made: "));
}

QTEST_GUILESS_MAIN(TestProcess)
#include "tst_process.moc"
