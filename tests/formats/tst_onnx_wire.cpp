#include "formats/onnx/wire.h"

#include "support/paths.h"

using namespace quantscope;
using namespace quantscope::onnx;

namespace {

MemorySource source(const QByteArray &bytes)
{
    const auto *begin = reinterpret_cast<const std::byte *>(bytes.constData());
    return MemorySource(std::vector<std::byte>(begin, begin + bytes.size()));
}

} // namespace

/// Truth: the encoding specification of protocol buffers, worked by hand.
class TestOnnxWire : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void fieldsOfEveryType()
    {
        const MemorySource bytes = source(QByteArray::fromHex("08ac02"
                                                              "1202ff00"
                                                              "1d04030201"
                                                              "210807060504030201"));
        WireWindow window(bytes);
        FieldWalker walker(window, {0, bytes.size()});
        Field field;
        QVERIFY(walker.next(field));
        QVERIFY(field.isVarint(1));
        QCOMPARE(field.value, std::uint64_t{300});
        QVERIFY(walker.next(field));
        QVERIFY(field.isBytes(2));
        QCOMPARE(field.bytes.begin, std::uint64_t{5});
        QCOMPARE(field.bytes.size(), std::uint64_t{2});
        QVERIFY(walker.next(field));
        QVERIFY(field.is(3, WireType::Fixed32));
        QCOMPARE(field.value, std::uint64_t{0x01020304});
        QVERIFY(walker.next(field));
        QVERIFY(field.is(4, WireType::Fixed64));
        QCOMPARE(field.value, std::uint64_t{0x0102030405060708});
        QVERIFY(!walker.next(field));
    }

    void negativeNumbersTakeTenBytes()
    {
        const MemorySource bytes = source(QByteArray::fromHex("08ffffffffffffffffff01"));
        WireWindow window(bytes);
        FieldWalker walker(window, {0, bytes.size()});
        Field field;
        QVERIFY(walker.next(field));
        QCOMPARE(static_cast<std::int64_t>(field.value), std::int64_t{-1});
    }

    void groupsAreSkipped()
    {
        // group 5 { 1: 7, group 6 { } }, then field 2 = 9
        const MemorySource bytes = source(QByteArray::fromHex("2b0807"
                                                              "33"
                                                              "34"
                                                              "2c"
                                                              "1009"));
        WireWindow window(bytes);
        FieldWalker walker(window, {0, bytes.size()});
        Field field;
        QVERIFY(walker.next(field));
        QVERIFY(field.isVarint(2));
        QCOMPARE(field.value, std::uint64_t{9});
    }

    void malformed_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("field number 0") << QByteArray::fromHex("0001");
        QTest::newRow("wire type 6") << QByteArray::fromHex("0e");
        QTest::newRow("wire type 7") << QByteArray::fromHex("0f");
        QTest::newRow("varint of eleven bytes") << QByteArray::fromHex("08ffffffffffffffffffff01");
        QTest::newRow("varint ends early") << QByteArray::fromHex("08ff");
        QTest::newRow("length past the end") << QByteArray::fromHex("1203ff00");
        QTest::newRow("length 2^63") << QByteArray::fromHex("1280808080808080808001");
        QTest::newRow("length -1") << QByteArray::fromHex("12ffffffffffffffffff01");
        QTest::newRow("fixed32 ends early") << QByteArray::fromHex("1d0403");
        QTest::newRow("group never ends") << QByteArray::fromHex("2b0807");
        QTest::newRow("group ends alone") << QByteArray::fromHex("2c");
        QTest::newRow("groups crossed") << QByteArray::fromHex("2b332c34");
    }
    void malformed()
    {
        QFETCH(QByteArray, bytes);
        const MemorySource memory = source(bytes);
        WireWindow window(memory);
        QVERIFY_EXCEPTION_THROWN(
            {
                FieldWalker walker(window, {0, memory.size()});
                Field field;
                while (walker.next(field)) { }
            },
            ParseError);
    }

    void packedAndUnpackedAreTheSame()
    {
        const MemorySource bytes = source(QByteArray::fromHex("0801"
                                                              "0a0302ac02"
                                                              "0803"));
        WireWindow window(bytes);
        std::vector<std::uint64_t> values;
        forEachField(window, {Range{0, bytes.size()}},
            [&](const Field &field) { forEachVarint(window, field, [&](std::uint64_t v) { values.push_back(v); }); });
        QCOMPARE(values, (std::vector<std::uint64_t>{1, 2, 300, 3}));
    }

    void windowFollowsJumps()
    {
        QByteArray content(1 << 20, '\0');
        for (int i = 0; i < content.size(); ++i)
            content[i] = static_cast<char>((i * 7 + (i >> 8)) & 0xFF);
        const MemorySource bytes = source(content);
        WireWindow window(bytes);
        for (const std::uint64_t at : {0ull, 5000ull, 4095ull, 1048575ull, 13ull, 700000ull, 700001ull})
            QCOMPARE(static_cast<int>(window.byteAt(at)),
                static_cast<int>(static_cast<unsigned char>(content[static_cast<int>(at)])));
        const std::string text = window.text({100000, 120000});
        QCOMPARE(QByteArray::fromStdString(text), content.mid(100000, 20000));
        QVERIFY_EXCEPTION_THROWN(window.byteAt(1 << 20), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestOnnxWire)
#include "tst_onnx_wire.moc"
