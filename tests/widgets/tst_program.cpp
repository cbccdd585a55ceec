#include "support.h"
#include "window/command_line.h"

#include <QImage>
#include <QProcess>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// The window's program from outside: its command line, and the pictures it draws.
class ProgramTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void commandLine_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<int>("status"); // -1: goes on
        QTest::newRow("nothing") << QStringList{} << -1;
        QTest::newRow("file") << QStringList{u"a.pt"_s} << -1;
        QTest::newRow("two files") << QStringList{u"a.pt"_s, u"b.pt"_s} << 2;
        QTest::newRow("help") << QStringList{u"--help"_s} << 0;
        QTest::newRow("no file") << QStringList{u"--screenshot"_s, u"d"_s} << 2;
        QTest::newRow("size") << QStringList{u"--screenshot"_s, u"d"_s, u"--size"_s, u"800x"_s, u"a.pt"_s} << 2;
        QTest::newRow("theme") << QStringList{u"--theme"_s, u"blue"_s} << 2;
        QTest::newRow("unknown") << QStringList{u"--frobnicate"_s, u"x"_s} << 2;
        QTest::newRow("all") << QStringList{u"--screenshot"_s, u"d"_s, u"--size"_s, u"1024x700"_s, u"--theme"_s,
            u"dark"_s, u"--layer"_s, u"x"_s, u"--target"_s, u"dpu"_s, u"--compare"_s, u"b.pt"_s, u"a.pt"_s}
                             << -1;
        QTest::newRow("compare with nothing") << QStringList{u"a.pt"_s, u"--compare"_s} << 2;
        QTest::newRow("target") << QStringList{u"--target"_s, u"gpu"_s} << 2;
    }
    void commandLine()
    {
        QFETCH(QStringList, words);
        QFETCH(int, status);
        std::vector<std::string> arguments;
        for (const QString &word : words)
            arguments.push_back(word.toStdString());
        QCOMPARE(parseCommandLine(arguments).exitStatus.value_or(-1), status);
    }

    void screenshots()
    {
        const QString program = qEnvironmentVariable("QUANTSCOPE_BIN") + u"/quantscope-gui"_s;
        if (!QFile::exists(program))
            QSKIP("quantscope-gui is not built");
        QTemporaryDir folder;
        QProcess process;
        process.start(program,
            {u"--screenshot"_s, folder.path(), u"--size"_s, u"1100x720"_s, u"--layer"_s, u"conv2"_s,
                QString::fromStdString(test::sample("digits_fixed.pt"))});
        QVERIFY(process.waitForFinished(60000)
            || process.state() == QProcess::NotRunning); // false too when it ended before
        QCOMPARE(process.exitCode(), 0);
        for (const char *page :
            {"start", "overview", "distribution", "values", "channels", "problems", "recipe", "export"}) {
            const QImage image(folder.filePath(QLatin1String(page) + u".png"_s));
            QCOMPARE(image.size(), QSize(1100, 720));
            QSet<QRgb> seen;
            for (int y = 0; y < image.height(); y += 7)
                for (int x = 0; x < image.width(); x += 7)
                    seen << image.pixel(x, y);
            QVERIFY2(seen.size() > 20, page);
        }
        process.start(program, {u"--screenshot"_s, folder.path(), u"/no/such/file.pt"_s});
        QVERIFY(process.waitForFinished(60000)
            || process.state() == QProcess::NotRunning); // false too when it ended before
        QCOMPARE(process.exitCode(), 3);
        QVERIFY(process.readAllStandardError().contains("/no/such/file.pt"));
        process.start(program,
            {u"--screenshot"_s, folder.path(), u"--compare"_s, u"/no/second.pt"_s,
                QString::fromStdString(test::sample("digits_fixed.pt"))});
        QVERIFY(process.waitForFinished(60000) || process.state() == QProcess::NotRunning);
        QCOMPARE(process.exitCode(), 3);
        QVERIFY(process.readAllStandardError().contains("/no/second.pt: cannot be opened"));
    }
};

QTEST_MAIN(ProgramTest)
#include "tst_program.moc"
