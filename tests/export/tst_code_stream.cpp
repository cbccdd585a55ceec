#include "export/code_stream.h"

#include "export/hand_made.h"
#include "support/paths.h"

#include <QCryptographicHash>

using namespace quantscope;
using namespace quantscope::test;

class TestCodeStream : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void order_data();
    void order();
    void holdsNoMoreThanItsLimit_data();
    void holdsNoMoreThanItsLimit();
};

void TestCodeStream::order_data()
{
    QTest::addColumn<QString>("layout");
    QTest::addColumn<int>("block");
    QTest::addColumn<int>("chunk");
    for (const char *layout : {"source", "hwio", "ohwi"})
        for (const int block : {1000000, 360, 359, 100, 7})
            for (const int chunk : {360, 64, 11})
                QTest::addRow("%s block %d chunk %d", layout, block, chunk) << QString(layout) << block << chunk;
}

/// However large the pieces: element (o, i, h, w) stands where the layout says, and the hash is that of the source
/// order.
void TestCodeStream::order()
{
    QFETCH(QString, layout);
    QFETCH(int, block);
    QFETCH(int, chunk);
    const std::size_t outs = 8, ins = 5, height = 3, width = 3, count = outs * ins * height * width;
    std::vector<std::uint16_t> values(count);
    std::vector<std::int32_t> wide(count);
    for (std::size_t i = 0; i < count; ++i)
        wide[i] = values[i] = static_cast<std::uint16_t>(65535 - 100 * i);
    const Shape shape = {8, 5, 3, 3};
    const SlotQuantizer slot
        = storedSlot<std::uint16_t>("weight", DType::UInt16, shape, values, storedQuantizer(16, false, 1));
    ExportArray array;
    array.slot = &slot;
    array.layout = *makeLayout(layout.toStdString(), shape, 0);
    array.count = count;
    array.width = 16;
    array.isSigned = false;

    CodeStream stream(array, static_cast<std::uint64_t>(block) * sizeof(std::uint16_t)), few(array);
    std::vector<std::int64_t> codes(count), some(count);
    for (std::size_t at = 0; at < count; at += static_cast<std::size_t>(chunk)) {
        const std::size_t length = std::min(count - at, static_cast<std::size_t>(chunk));
        stream.read(at, std::span(codes).subspan(at, length));
        few.readFew(at, std::span(some).subspan(at, length));
    }
    QCOMPARE(some, codes);
    for (std::size_t o = 0; o < outs; ++o)
        for (std::size_t i = 0; i < ins; ++i)
            for (std::size_t h = 0; h < height; ++h)
                for (std::size_t w = 0; w < width; ++w) {
                    const std::size_t source = ((o * ins + i) * height + h) * width + w;
                    const std::size_t exported = layout == "hwio" ? ((h * width + w) * ins + i) * outs + o
                        : layout == "ohwi"                        ? ((o * height + h) * width + w) * ins + i
                                                                  : source;
                    QCOMPARE(codes[exported], std::int64_t{values[source]});
                }
    const QByteArray bytes(reinterpret_cast<const char *>(wide.data()), static_cast<qsizetype>(count * 4));
    QCOMPARE(QByteArray::fromStdString(stream.sourceHash().value_or("")),
        QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

void TestCodeStream::holdsNoMoreThanItsLimit_data()
{
    QTest::addColumn<int>("width");
    QTest::addColumn<quint64>("held"); ///< of a limit of 64 bytes, for 6 x 8 codes
    QTest::newRow("48 codes of 8 bits") << 8 << quint64{48};
    QTest::newRow("32 of 16 bits") << 16 << quint64{64};
    QTest::newRow("16 of 32 bits") << 32 << quint64{64};
    QTest::newRow("8 of 64 bits") << 64 << quint64{64};
}

/// The limit counts bytes, however wide the codes are.
void TestCodeStream::holdsNoMoreThanItsLimit()
{
    QFETCH(int, width);
    QFETCH(quint64, held);
    const Shape shape = {6, 8};
    const std::vector<std::int8_t> values(48, 1);
    const SlotQuantizer slot
        = storedSlot<std::int8_t>("weight", DType::Int8, shape, values, storedQuantizer(8, true, 1));
    ExportArray array;
    array.slot = &slot;
    array.layout = *makeLayout("io", shape, 0);
    array.count = values.size();
    array.width = width;
    array.isSigned = true;
    CodeStream stream(array, 64);
    std::vector<std::int64_t> codes(1);
    stream.read(0, codes);
    QCOMPARE(codes[0], std::int64_t{1});
    QCOMPARE(stream.heldBytes(), held);
}

QTEST_GUILESS_MAIN(TestCodeStream)
#include "tst_code_stream.moc"
