// Checked arithmetic, cursors, byte sources and errors: what every reader stands on.

#include "base/byte_source.h"
#include "base/checked.h"
#include "base/cursor.h"
#include "base/progress.h"

#include <QtTest>

#include <QTemporaryDir>

using namespace quantscope;

namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::vector<std::byte> bytesOf(std::initializer_list<int> values)
{
    std::vector<std::byte> out;
    for (const int value : values)
        out.push_back(static_cast<std::byte>(value));
    return out;
}

} // namespace

class TestReading : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void checkedArithmetic()
    {
        QCOMPARE(checkedMul(1ull << 32, (1ull << 32) - 1, "x"), 0xFFFFFFFF00000000ull);
        QVERIFY_EXCEPTION_THROWN(checkedMul(1ull << 32, 1ull << 32, "x"), ParseError);
        QCOMPARE(checkedMul(kMax, 0, "x"), std::uint64_t(0));
        QCOMPARE(checkedAdd(kMax, 0, "x"), kMax);
        QVERIFY_EXCEPTION_THROWN(checkedAdd(kMax, 1, "x"), ParseError);
        try {
            checkedAdd(kMax, 2, "the size of tensor w");
            QFAIL("must throw");
        } catch (const ParseError &error) {
            QCOMPARE(std::string(error.what()), std::string("the size of tensor w is too large"));
        }
    }

    void narrowing()
    {
        QCOMPARE(narrow<std::int8_t>(127, "x"), std::int8_t(127));
        QVERIFY_EXCEPTION_THROWN(narrow<std::int8_t>(128, "x"), ParseError);
        QCOMPARE(narrow<std::uint64_t>(std::int64_t(5), "x"), std::uint64_t(5));
        QVERIFY_EXCEPTION_THROWN(narrow<std::uint64_t>(std::int64_t(-1), "x"), ParseError);
        QVERIFY_EXCEPTION_THROWN(narrow<std::int64_t>(kMax, "x"), ParseError);
    }

    void cursors()
    {
        const auto bytes = bytesOf({1, 2, 3, 4, 5, 6, 7, 8, 0x41, 0x42});
        Cursor cursor(bytes, 1000);
        QCOMPARE(cursor.u8(), std::uint8_t(1));
        QCOMPARE(cursor.u16(), std::uint16_t(0x0302)); // little-endian
        QCOMPARE(cursor.offset(), std::uint64_t(1003));
        cursor.seek(0);
        QCOMPARE(cursor.u64(), 0x0807060504030201ull);
        QCOMPARE(cursor.takeText(2), std::string_view("AB"));
        QVERIFY(cursor.atEnd());
        QCOMPARE(cursor.takeText(0), std::string_view());
        QVERIFY_EXCEPTION_THROWN(cursor.u8(), ParseError);
        QVERIFY_EXCEPTION_THROWN(cursor.seek(11), ParseError);
    }

    void cursorErrorsNameTheFilesOffset()
    {
        const auto bytes = bytesOf({1, 2, 3, 4, 5});
        Cursor cursor(bytes, 1000);
        cursor.skip(2);
        try {
            cursor.take(kMax);
            QFAIL("must throw");
        } catch (const ParseError &error) {
            QCOMPARE(*error.offset(), std::uint64_t(1002));
            QVERIFY(std::string(error.what()).find("3 are left") != std::string::npos);
        }
        QCOMPARE(cursor.remaining(), std::uint64_t(3)); // a failed read moves nothing
    }

    void memorySources()
    {
        const MemorySource source(bytesOf({1, 2, 3}));
        QCOMPARE(source.bytes(1, 2), bytesOf({2, 3}));
        QVERIFY(source.bytes(3, 0).empty());
        QVERIFY_EXCEPTION_THROWN(source.bytes(2, 2), ParseError);
        QVERIFY_EXCEPTION_THROWN(source.bytes(kMax, 1), ParseError);
        QVERIFY_EXCEPTION_THROWN(source.bytes(1, kMax), ParseError); // checked before anything is allocated
    }

    void fileSources()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath("data");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("hello world");
        file.close();
        const auto source = FileSource::open(path.toStdString());
        QVERIFY(source);
        QCOMPARE((*source)->size(), std::uint64_t(11));
        QCOMPARE((*source)->bytes(6, 5), bytesOf({'w', 'o', 'r', 'l', 'd'}));
        QVERIFY_EXCEPTION_THROWN((*source)->bytes(7, 5), ParseError);
        QVERIFY(QFile::resize(path, 3));
        QVERIFY_EXCEPTION_THROWN((*source)->bytes(0, 11), ParseError); // the file shrank: no SIGBUS, no garbage
    }

    void filesThatAreNone_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("part");
        QTest::newRow("absent") << "/does/not/exist"
                                << "No such file";
        QTest::newRow("folder") << "/"
                                << "folder";
        QTest::newRow("device") << "/dev/null"
                                << "regular";
    }

    void filesThatAreNone()
    {
        QFETCH(QString, path);
        QFETCH(QString, part);
        const auto source = FileSource::open(path.toStdString());
        QVERIFY(!source);
        QCOMPARE(source.error().kind, ErrorKind::Io);
        QCOMPARE(source.error().path, path.toStdString());
        QVERIFY2(source.error().message.find(part.toStdString()) != std::string::npos, source.error().message.c_str());
    }

    void errorTexts()
    {
        QCOMPARE((Error{ErrorKind::Parse, "a.pt", 26, "is cut off"}.text()),
            std::string("a.pt: is cut off (at offset 0x1a)"));
        QCOMPARE((Error{ErrorKind::Usage, "", std::nullopt, "no such layer"}.text()), std::string("no such layer"));
    }

    void progress()
    {
        Progress().step(1, 2); // nobody listens
        std::uint64_t seen = 0;
        Progress([&](std::uint64_t done, std::uint64_t) { return (seen = done) < 5; }).step(3, 9);
        QCOMPARE(seen, std::uint64_t(3));
        QVERIFY_EXCEPTION_THROWN(Progress([](auto, auto) { return false; }).step(1, 2), CancelledError);
    }
};

QTEST_APPLESS_MAIN(TestReading)
#include "tst_reading.moc"
