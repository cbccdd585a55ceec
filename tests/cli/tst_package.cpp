#include "support/paths.h"

#include <QDir>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace Qt::StringLiterals;

namespace {

struct Run {
    int status = -1;
    QString out, err;
};

Run runProgram(const QString &program, const QStringList &arguments, const QString &folder = {})
{
    QProcess process;
    process.setWorkingDirectory(folder);
    process.start(program, arguments);
    Run run;
    if (!process.waitForStarted() || (!process.waitForFinished(300000) && process.state() != QProcess::NotRunning))
        return run;
    run.status = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = QString::fromUtf8(process.readAllStandardOutput());
    run.err = QString::fromUtf8(process.readAllStandardError());
    return run;
}

/// Every `--option` and `-o` of a help text, in the places where options are listed.
QStringList optionsIn(const QString &help)
{
    static const QRegularExpression line(u"^  (-[^ ]*)"_s, QRegularExpression::MultilineOption);
    QStringList out;
    for (const auto &match : line.globalMatch(help))
        out += match.captured(1).split(u',');
    return out;
}

} // namespace

/// The package as a person gets it: made from this very build, unpacked into a folder, run from there.
class TestPackage : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_root, m_package, m_torchPackage;

    QString installed(const QString &path) const { return m_root + u"/usr/"_s + path; }
    QString sample() const { return installed(u"share/quantscope/samples/digits_fixed.pt"_s); }
    static bool isBuilt(const QString &program)
    {
        return QFile::exists(qEnvironmentVariable("QUANTSCOPE_BIN") + u'/' + program);
    }
    bool hasWindow() const { return isBuilt(u"quantscope-gui"_s); }

    QString read(const QString &path) const
    {
        QFile file(installed(path));
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }

    QString page(const QString &program) const
    {
        return runProgram(u"gzip"_s, {u"-dc"_s, installed(u"share/man/man1/%1.1.gz"_s.arg(program))}).out;
    }

private Q_SLOTS:
    void initTestCase()
    {
        for (const QString &tool : {u"dpkg-deb"_s, u"dpkg-shlibdeps"_s})
            if (QStandardPaths::findExecutable(tool).isEmpty())
                QSKIP(qPrintable(tool + u" is not installed: no Debian package can be made here"_s));
        const QString build = QDir::cleanPath(qEnvironmentVariable("QUANTSCOPE_BIN") + u"/.."_s);
        const Run made = runProgram(qEnvironmentVariable("QUANTSCOPE_CPACK"),
            {u"--config"_s, build + u"/CPackConfig.cmake"_s, u"-B"_s, m_folder.path(), u"-D"_s,
                u"CPACK_DEBIAN_COMPRESSION_TYPE=gzip"_s},
            m_folder.path());
        QVERIFY2(made.status == 0, qPrintable(made.out + made.err));
        QStringList packages = QDir(m_folder.path()).entryList({u"*.deb"_s});
        QCOMPARE(packages.size(), isBuilt(u"quantscope-torch"_s) ? 2 : 1);
        if (packages.front().startsWith(u"quantscope-torch_"_s))
            m_torchPackage = m_folder.filePath(packages.takeFirst());
        m_package = m_folder.filePath(packages.front());
        m_root = m_folder.filePath(u"root"_s);
        const Run unpacked = runProgram(u"dpkg-deb"_s, {u"-x"_s, m_package, m_root});
        QVERIFY2(unpacked.status == 0, qPrintable(unpacked.err));
    }

    void files_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<bool>("window");
        const auto row
            = [](const char *path, bool window) { QTest::newRow(path) << QString::fromLatin1(path) << window; };
        row("bin/quantscope", false);
        row("share/quantscope/samples/digits_fixed.pt", false);
        row("share/quantscope/samples/digits_fixed.recipe.toml", false);
        row("share/quantscope/quantscope_recipe.py", false);
        row("share/doc/quantscope/copyright", false);
        row("share/doc/quantscope/changelog.gz", false);
        row("share/doc/quantscope/changelog.Debian.gz", false);
        row("share/man/man1/quantscope.1.gz", false);
        row("share/bash-completion/completions/quantscope", false);
        row("share/zsh/vendor-completions/_quantscope", false);
        row("share/fish/vendor_completions.d/quantscope.fish", false);
        row("bin/quantscope-gui", true);
        row("share/applications/io.github.quantscope.QuantScope.desktop", true);
        row("share/mime/packages/io.github.quantscope.QuantScope.xml", true);
        row("share/metainfo/io.github.quantscope.QuantScope.metainfo.xml", true);
        row("share/icons/hicolor/scalable/apps/io.github.quantscope.QuantScope.svg", true);
        row("share/man/man1/quantscope-gui.1.gz", true);
        row("share/bash-completion/completions/quantscope-gui", true);
        row("share/zsh/vendor-completions/_quantscope-gui", true);
        row("share/fish/vendor_completions.d/quantscope-gui.fish", true);
    }

    void files()
    {
        QFETCH(QString, path);
        QFETCH(bool, window);
        if (window && !hasWindow())
            QSKIP("quantscope-gui is not built");
        QVERIFY(QFileInfo(installed(path)).size() > 0);
    }

    /// What apt reads of it: each library that the programs need is named as a package.
    void control()
    {
        const QString fields = runProgram(u"dpkg-deb"_s, {u"-f"_s, m_package}).out;
        for (const QString &field : {u"Package: quantscope\n"_s, u"Version: 0.1.0-1\n"_s, u"Section: science\n"_s,
                 u"Priority: optional\n"_s, u"Homepage: https://"_s, u"Maintainer: "_s})
            QVERIFY2(fields.contains(field), qPrintable(fields));
        const QString depends = fields.section(u"\nDepends: "_s, 1).section(u'\n', 0, 0);
        QVERIFY2(depends.contains(u"libc6 (>= "_s) && depends.contains(u"zlib1g"_s), qPrintable(fields));
        QCOMPARE(depends.contains(u"libqt6charts6"_s), hasWindow());
    }

    /// What runs networks costs 0.9 GB of libraries: who does not run any need not have them.
    void torchPackage()
    {
        if (m_torchPackage.isEmpty())
            QSKIP("quantscope-torch is not built");
        const auto field = [](const QString &package, const QString &name) {
            return runProgram(u"dpkg-deb"_s, {u"-f"_s, package, name}).out.trimmed();
        };
        QCOMPARE(field(m_torchPackage, u"Package"_s), u"quantscope-torch"_s);
        const QString depends = field(m_torchPackage, u"Depends"_s);
        QVERIFY2(
            depends.contains(u"libtorch1.13"_s) && depends.contains(u"quantscope (= 0.1.0-1)"_s), qPrintable(depends));
        QCOMPARE(field(m_torchPackage, u"Recommends"_s) + field(m_torchPackage, u"Suggests"_s), QString());
        QVERIFY2(!field(m_package, u"Depends"_s).contains(u"torch"_s), "the first package needs libtorch");
        QVERIFY(field(m_package, u"Suggests"_s).contains(u"quantscope-torch"_s));
        const QString files = runProgram(u"dpkg-deb"_s, {u"-c"_s, m_torchPackage}).out;
        QVERIFY2(files.contains(u"./usr/bin/quantscope-torch\n"_s) && !files.contains(u"bin/quantscope\n"_s),
            qPrintable(files));
        QVERIFY(!QFile::exists(installed(u"bin/quantscope-torch"_s)));
    }

    void libraries_data()
    {
        QTest::addColumn<QString>("program");
        for (const char *program : {"quantscope", "quantscope-gui"})
            QTest::newRow(program) << QString::fromLatin1(program);
    }

    /// What other programs link these for is read by own code: they cost a third of a second at every start.
    void libraries()
    {
        QFETCH(QString, program);
        if (QStandardPaths::findExecutable(u"ldd"_s).isEmpty())
            QSKIP("ldd is not installed");
        const QString path = installed(u"bin/"_s + program);
        if (!QFile::exists(path))
            QSKIP(qPrintable(program + u" is not built"_s));
        const Run linked = runProgram(u"ldd"_s, {path});
        QVERIFY2(linked.status == 0 && linked.out.contains(u"libz.so"_s), qPrintable(linked.out + linked.err));
        for (const QString &library : {u"libtorch"_s, u"libc10"_s, u"libprotobuf"_s})
            QVERIFY2(!linked.out.contains(library), qPrintable(linked.out));
    }

    void commandLine()
    {
        const Run inspected = runProgram(installed(u"bin/quantscope"_s), {u"inspect"_s, sample()});
        QVERIFY2(inspected.status == 0, qPrintable(inspected.err));
        const Run before
            = runProgram(qEnvironmentVariable("QUANTSCOPE_BIN") + u"/quantscope"_s, {u"inspect"_s, sample()});
        QVERIFY(inspected.out.contains(u"conv1"_s));
        QCOMPARE(inspected.out, before.out);
    }

    void window()
    {
        if (!hasWindow())
            QSKIP("quantscope-gui is not built");
        const QString pictures = m_folder.filePath(u"pictures"_s);
        const Run drawn = runProgram(installed(u"bin/quantscope-gui"_s), {u"--screenshot"_s, pictures, sample()});
        QVERIFY2(drawn.status == 0, qPrintable(drawn.err));
        QVERIFY(QFileInfo(pictures + u"/overview.png"_s).size() > 10000);
    }

    void descriptions_data()
    {
        QTest::addColumn<QString>("program");
        QTest::addColumn<QString>("word");
        QTest::newRow("quantscope") << u"quantscope"_s << QString();
        for (const char *word : {"inspect", "codes", "recipe", "compare", "export", "run"})
            QTest::newRow(word) << u"quantscope"_s << QString::fromLatin1(word);
        if (hasWindow())
            QTest::newRow("quantscope-gui") << u"quantscope-gui"_s << QString();
    }

    /// What the program says with --help stands in its manual page and in each shell's completion.
    void descriptions()
    {
        QFETCH(QString, program);
        QFETCH(QString, word);
        const Run help = runProgram(
            installed(u"bin/"_s + program), word.isEmpty() ? QStringList{u"--help"_s} : QStringList{word, u"--help"_s});
        QVERIFY2(help.status == 0, qPrintable(help.err));
        const QStringList options = optionsIn(help.out);
        QVERIFY(options.size() > 1 && options.contains(u"--help"_s));
        QString manual = page(program), zsh = read(u"share/zsh/vendor-completions/_"_s + program),
                fish = read(u"share/fish/vendor_completions.d/%1.fish"_s.arg(program));
        if (!word.isEmpty()) { // only what belongs to the word
            manual = manual.section(u".SS %1\n"_s.arg(word), 1).section(u"\n.S"_s, 0, 0);
            zsh = zsh.section(u"    %1)\n"_s.arg(word), 1).section(u";;"_s, 0, 0);
            fish = fish.split(u'\n').filter(u"__fish_seen_subcommand_from %1'"_s.arg(word)).join(u'\n') + u'\n';
        }
        const QStringList typed = word.isEmpty() ? QStringList{program, u"-"_s} : QStringList{program, word, u"-"_s};
        const QStringList bash = completed(program, typed);
        for (const QString &option : options) {
            QVERIFY2(manual.contains(QString(option).replace(u'-', u"\\-"_s)), qPrintable(option));
            QVERIFY2(zsh.contains(option + u'['), qPrintable(option));
            const QString inFish = option.startsWith(u"--"_s) ? u" -l "_s + option.mid(2) : u" -s "_s + option.mid(1);
            QVERIFY2(fish.contains(inFish + u' '), qPrintable(option));
            QVERIFY2(bash.contains(option), qPrintable(option));
        }
    }

    void bashOffers_data()
    {
        QTest::addColumn<QStringList>("typed");
        QTest::addColumn<QStringList>("offered");
        QTest::newRow("word") << QStringList{u"quantscope"_s, u"ins"_s} << QStringList{u"inspect"_s};
        QTest::newRow("words") << QStringList{u"quantscope"_s, u"co"_s} << QStringList{u"codes"_s, u"compare"_s};
        QTest::newRow("option") << QStringList{u"quantscope"_s, u"export"_s, u"m.pt"_s, u"--ve"_s}
                                << QStringList{u"--verify"_s};
        QTest::newRow("value") << QStringList{u"quantscope"_s, u"codes"_s, u"m.pt"_s, u"--as"_s, u""_s}
                               << QStringList{u"dec"_s, u"hex"_s, u"bin"_s, u"float"_s};
        QTest::newRow("layout") << QStringList{u"quantscope"_s, u"export"_s, u"--layout"_s, u"oh"_s}
                                << QStringList{u"ohwi"_s};
        QTest::newRow("file") << QStringList{u"quantscope"_s, u"inspect"_s, u"m"_s} << QStringList{}; // left to bash
        if (hasWindow())
            QTest::newRow("theme") << QStringList{u"quantscope-gui"_s, u"--theme"_s, u""_s}
                                   << QStringList{u"light"_s, u"dark"_s};
    }

    void bashOffers()
    {
        QFETCH(QStringList, typed);
        QFETCH(QStringList, offered);
        QCOMPARE(completed(typed.front(), typed), offered);
    }

    /// Shells and checkers that are not here have nothing to say.
    void wellFormed_data()
    {
        QTest::addColumn<QStringList>("command");
        const QString manual = installed(u"share/man/man1/quantscope.1.gz"_s);
        QTest::newRow("zsh") << QStringList{
            u"zsh"_s, u"-n"_s, installed(u"share/zsh/vendor-completions/_quantscope"_s)};
        QTest::newRow("fish") << QStringList{
            u"fish"_s, u"-n"_s, installed(u"share/fish/vendor_completions.d/quantscope.fish"_s)};
        QTest::newRow("manual") << QStringList{u"man"_s, u"--warnings"_s, u"-l"_s, manual};
        QTest::newRow("index") << QStringList{u"lexgrog"_s, manual};
        if (!hasWindow())
            return;
        const QString id = u"io.github.quantscope.QuantScope"_s;
        QTest::newRow("desktop") << QStringList{
            u"desktop-file-validate"_s, installed(u"share/applications/%1.desktop"_s.arg(id))};
        QTest::newRow("appstream") << QStringList{
            u"appstreamcli"_s, u"validate"_s, u"--no-net"_s, installed(u"share/metainfo/%1.metainfo.xml"_s.arg(id))};
    }

    void wellFormed()
    {
        QFETCH(QStringList, command);
        if (QStandardPaths::findExecutable(command.front()).isEmpty())
            QSKIP(qPrintable(command.front() + u" is not installed"_s));
        const Run run = runProgram(command.front(), command.mid(1));
        QVERIFY2(run.status == 0 && run.err.isEmpty(), qPrintable(run.out + run.err));
    }

private:
    /// What bash offers for the last of the words.
    QStringList completed(const QString &program, const QStringList &typed) const
    {
        QStringList words;
        for (const QString &word : typed)
            words += u"'%1'"_s.arg(word);
        const Run run = runProgram(u"bash"_s,
            {u"-c"_s,
                u"source %1; COMP_WORDS=(%2); COMP_CWORD=%3; _%4; printf '%s\\n' \"${COMPREPLY[@]}\""_s
                    .arg(installed(u"share/bash-completion/completions/"_s + program), words.join(u' '))
                    .arg(typed.size() - 1)
                    .arg(QString(program).replace(u'-', u'_'))});
        return run.out.split(u'\n', Qt::SkipEmptyParts);
    }
};

QTEST_GUILESS_MAIN(TestPackage)
#include "tst_package.moc"
