#include "base/atomic_file.h"

#include <QtTest>

#include <QTemporaryDir>

#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

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
