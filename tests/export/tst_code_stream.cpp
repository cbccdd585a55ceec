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

    CodeStream stream(array, static_cast<std::uint64_t>(block)), few(array);
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

QTEST_GUILESS_MAIN(TestCodeStream)
#include "tst_code_stream.moc"
