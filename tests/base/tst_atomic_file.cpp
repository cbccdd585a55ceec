#include "base/atomic_file.h"
#include "base/stale_files.h"
#include "base/writer_mark.h"

#include <QtTest>

#include <QTemporaryDir>

#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quantscope;

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(absent)");
}

void writeOld(const QString &path)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("old");
}

QStringList filesOf(const QTemporaryDir &folder)
{
    return QDir(folder.path()).entryList(QDir::Files | QDir::Hidden | QDir::System);
}

/// Makes writes beyond `bytes` fail as on a full disk, and puts everything back.
class SmallFiles {
public:
    explicit SmallFiles(rlim_t bytes)
    {
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &m_old);
        rlimit tight = m_old;
        tight.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &tight);
    }
    ~SmallFiles()
    {
        ::setrlimit(RLIMIT_FSIZE, &m_old);
        std::signal(SIGXFSZ, m_handler);
    }

private:
    rlimit m_old{};
    void (*m_handler)(int) = nullptr;
};

/// A process that has begun to write a file and not committed it; it ends at once, or when `keep` is destroyed.
class Writing {
public:
    Writing(const QString &path, bool lives)
    {
        int begun[2], ends[2];
        if (::pipe(begun) != 0 || ::pipe(ends) != 0)
            qFatal("no pipe");
        m_process = ::fork();
        if (m_process == 0) {
            char byte = 0;
            ::close(ends[1]);
            auto file = AtomicFile::create(path.toStdString());
            if (file) {
                file->write("half");
                (void)file->close();
                byte = 1;
            }
            (void)!::write(begun[1], &byte, 1);
            if (lives)
                (void)!::read(ends[0], &byte, 1);
            ::_exit(0); // as a process that is ended: nothing is cleaned up
        }
        char byte = 0;
        (void)!::read(begun[0], &byte, 1);
        for (const int end : {begun[0], begun[1], ends[0]})
            ::close(end);
        m_ends = ends[1];
        if (!lives)
            wait();
    }
    ~Writing() { wait(); }
    Writing(const Writing &) = delete;
    Writing &operator=(const Writing &) = delete;
    pid_t process() const { return m_process; }

private:
    void wait()
    {
        if (m_ends < 0)
            return;
        ::close(std::exchange(m_ends, -1));
        ::waitpid(m_process, nullptr, 0);
    }
    pid_t m_process = -1;
    int m_ends = -1;
};

} // namespace

class TestAtomicFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void commitReplaces()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("out.mem");
        writeOld(path);
        auto file = AtomicFile::create(path.toStdString());
        QVERIFY(file);
        file->write("new ");
        file->write("content");
        QCOMPARE(contentOf(path), QByteArray("old"));
        QVERIFY(file->close());
        QCOMPARE(contentOf(QString::fromStdString(file->temporaryPath())), QByteArray("new content"));
        QCOMPARE(contentOf(path), QByteArray("old"));
        QVERIFY(file->commit());
        QCOMPARE(contentOf(path), QByteArray("new content"));
        QCOMPARE(filesOf(folder), QStringList("out.mem"));
    }

    void withoutCommitNothingChanges()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("out.mem");
        writeOld(path);
        {
            auto file = AtomicFile::create(path.toStdString());
            QVERIFY(file);
            file->write("new");
        }
        QCOMPARE(contentOf(path), QByteArray("old"));
        QCOMPARE(filesOf(folder), QStringList("out.mem"));
    }

    void movedFilesCommitOnce()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("a");
        auto first = AtomicFile::create(path.toStdString());
        QVERIFY(first);
        first->write("x");
        AtomicFile second = std::move(*first);
        QVERIFY(second.commit());
        QCOMPARE(contentOf(path), QByteArray("x"));
    }

    void largeContents()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("big");
        auto file = AtomicFile::create(path.toStdString());
        QVERIFY(file);
        QByteArray expected;
        for (int i = 0; i < 300000; ++i) {
            const QByteArray line = QByteArray::number(i) + "\n";
            file->write({line.constData(), static_cast<std::size_t>(line.size())});
            expected += line;
        }
        QVERIFY(file->commit());
        QVERIFY(contentOf(path) == expected);
    }

    void aFullDiskKeepsTheOldFile_data()
    {
        QTest::addColumn<int>("bytes");
        QTest::newRow("found while closing") << 100000;
        QTest::newRow("found while writing") << (5 << 20);
    }

    void aFullDiskKeepsTheOldFile()
    {
        QFETCH(int, bytes);
        const QTemporaryDir folder;
        const QString path = folder.filePath("out.bin");
        writeOld(path);
        {
            auto file = AtomicFile::create(path.toStdString());
            QVERIFY(file);
            const SmallFiles full(4096);
            file->write(std::string(static_cast<std::size_t>(bytes), 'x'));
            const auto committed = file->commit();
            QVERIFY(!committed);
            QCOMPARE(committed.error().kind, ErrorKind::Io);
            QVERIFY(!committed.error().message.empty());
        }
        QCOMPARE(contentOf(path), QByteArray("old"));
        QCOMPARE(filesOf(folder), QStringList("out.bin"));
    }

    void closeReportsAFullDisk()
    {
        const QTemporaryDir folder;
        auto file = AtomicFile::create(folder.filePath("a").toStdString());
        QVERIFY(file);
        const SmallFiles full(16);
        file->write(std::string(1000, 'x'));
        QVERIFY(!file->close());
    }

    /// What a process that was ended left is cleared by the next that writes there. All else stays: what another
    /// process, another machine or container writes, what no mark tells of, what is no file.
    void leftoversOfTheDeadGo()
    {
        const QTemporaryDir folder;
        const QString path = folder.filePath("out.mem");
        const Writing living(path, true), dead(path, false); // which leaves more than the other could clear
        const QString own = QString::fromStdString(writerMark()), scope = own.section('.', 2);
        QVERIFY(QRegularExpression("^[0-9]+[.][0-9]+[.][0-9a-f]{16}$").match(own).hasMatch());
        QVERIFY(!isDeadWriter(writerMark()));
        const qulonglong start = own.section('.', 1, 1).toULongLong();
        const QString gone
            = QString(".quantscope-%1.%2.%3-0-a.h").arg(own.section('.', 0, 0)).arg(start + 1).arg(scope);
        const QString elsewhere
            = ".quantscope-" + own.section('.', 0, 1).replace(0, 1, "9") + ".0123456789abcdef-0-a.h";
        const QStringList stay{".quantscope-12-0-a.h", ".quantscope--0-a.h", elsewhere, "quantscope.h"};
        const QStringList made = QStringList(stay) << gone;
        for (const QString &name : made)
            writeOld(folder.filePath(name));
        const QString asFolder = QString(gone).replace("-0-", "-1-");
        QVERIFY(QDir(folder.path()).mkdir(asFolder));
        QCOMPARE(filesOf(folder).size(), stay.size() + 3);
        auto file = AtomicFile::create(path.toStdString());
        QVERIFY(file && file->commit());
        QStringList left = filesOf(folder);
        const auto ofLiving = left.filter(QString(".quantscope-%1.").arg(living.process()));
        QCOMPARE(ofLiving.size(), 1);
        left.removeAll(ofLiving.first());
        QStringList expected = QStringList(stay) << "out.mem";
        expected.sort();
        left.sort();
        QCOMPARE(left, expected);
        QVERIFY(QDir(folder.filePath(asFolder)).exists());
    }

    void foldersOfTheDeadGo()
    {
        const QTemporaryDir folder;
        const QString own = QString::fromStdString(writerMark());
        const QString gone = QString("quantscope-%1.%2.%3-AbCdEf")
                                 .arg(own.section('.', 0, 0))
                                 .arg(own.section('.', 1, 1).toULongLong() + 1)
                                 .arg(own.section('.', 2));
        const QString lives = "quantscope-" + own + "-AbCdEf";
        for (const QString &name : {gone, lives, QString("quantscope-AbCdEf")}) {
            QVERIFY(QDir(folder.path()).mkdir(name));
            writeOld(folder.filePath(name + "/proof.c"));
        }
        writeOld(folder.filePath("kept"));
        QVERIFY(QFile::link(folder.filePath("kept"), folder.filePath(gone + "/link")));
        clearStaleFolders(folder.path().toStdString());
        const QStringList left = QDir(folder.path()).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
        QCOMPARE(QSet<QString>(left.begin(), left.end()), (QSet<QString>{lives, "quantscope-AbCdEf"}));
        QVERIFY(QFile::exists(folder.filePath("kept"))); // what a link leads to is not in the folder
    }

    /// The temporary name is longer than the file's own, which may be as long as names can be.
    void longNames()
    {
        const QTemporaryDir folder;
        const QString name = QString(250, 'n') + ".h";
        auto file = AtomicFile::create(folder.filePath(name).toStdString());
        QVERIFY(file);
        QVERIFY(file->temporaryPath().ends_with("nnn.h"));
        QVERIFY(file->commit());
        QCOMPARE(filesOf(folder), QStringList(name));
    }

    void placesThatCannotBeWritten()
    {
        const QTemporaryDir folder;
        const auto missing = AtomicFile::create(folder.filePath("no/such/folder/a").toStdString());
        QVERIFY(!missing);
        QCOMPARE(missing.error().kind, ErrorKind::Io);
        const auto onFolder = AtomicFile::create(folder.path().toStdString());
        QVERIFY(!onFolder);
        QVERIFY(onFolder.error().message.find("folder") != std::string::npos);
        const std::string pipe = folder.filePath("pipe").toStdString();
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        const auto onPipe = AtomicFile::create(pipe);
        QVERIFY(!onPipe);
        QCOMPARE(onPipe.error().message, std::string("is a device or a pipe, so no file can be written there"));
    }
};

QTEST_APPLESS_MAIN(TestAtomicFile)
#include "tst_atomic_file.moc"
