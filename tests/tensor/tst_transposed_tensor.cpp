#include "tensor/memory_tensor.h"
#include "tensor/transposed_tensor.h"
#include "tensor/turned_view.h"

#include <numeric>

#include <QtTest>

using namespace quantscope;

class TestTransposedTensor : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void elements_data()
    {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::newRow("a row") << 1 << 200;
        QTest::newRow("a column") << 200 << 1;
        QTest::newRow("small") << 3 << 5;
        QTest::newRow("one band") << 300 << 200;
        QTest::newRow("several bands") << 1500 << 1111; // 6.6 MB
    }

    /// Element [c][r] is element [r][c], in one read, in pieces that begin anywhere, and one by one.
    void elements()
    {
        QFETCH(int, rows);
        QFETCH(int, columns);
        std::vector<float> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
        std::iota(values.begin(), values.end(), 1.0f);
        const auto matrix = floatTensor("m", {rows, columns}, values);
        const auto turned = transposedTensor(*matrix);
        QCOMPARE(turned->shape, (Shape{columns, rows}));
        std::vector<float> expected;
        for (int c = 0; c < columns; ++c)
            for (int r = 0; r < rows; ++r)
                expected.push_back(values[static_cast<std::size_t>(r * columns + c)]);
        QCOMPARE(readFloats(*turned), expected);
        TensorReader reader(*turned);
        for (const std::size_t length : {std::size_t{1}, std::size_t{7}, std::size_t{100}, std::size_t{70'000}}) {
            const std::size_t begin = expected.size() / 3, count = std::min(length, expected.size() - begin);
            std::vector<float> piece(count);
            reader.floats(begin, piece);
            QVERIFY(std::equal(piece.begin(), piece.end(), expected.begin() + static_cast<std::ptrdiff_t>(begin)));
        }
    }

    /// Blocks of rows, the last row first; read whole and in pieces that begin and end anywhere.
    void turnedRows()
    {
        std::vector<float> values(5 * 6 * 7), expected;
        std::iota(values.begin(), values.end(), 1.0f);
        for (std::size_t block = 0; block < 5; ++block)
            for (std::size_t row = 6; row-- > 0;)
                for (std::size_t i = 0; i < 7; ++i)
                    expected.push_back(values[(block * 6 + row) * 7 + i]);
        const auto turned = turnedView(*floatTensor("w", {5, 2, 3, 7}, values), 1, 3);
        QCOMPARE(turned->shape, (Shape{5, 2, 3, 7}));
        QCOMPARE(readFloats(*turned), expected);
        const auto wanted = std::as_bytes(std::span(expected));
        for (const std::size_t begin : {0u, 1u, 27u, 28u, 167u, 500u})
            for (const std::size_t length : {1u, 27u, 28u, 29u, 168u, 300u}) {
                std::vector<std::byte> piece(length);
                turned->storage.source->read(begin, piece);
                QVERIFY(std::ranges::equal(piece, wanted.subspan(begin, length)));
            }
        std::vector<std::byte> behind(8);
        QVERIFY_EXCEPTION_THROWN(turned->storage.source->read(values.size() * 4 - 4, behind), ParseError);
    }

    /// A storage that is too short is an error of reading, as for any other view.
    void aShortStorage()
    {
        const std::vector<float> values(12, 1.0f);
        TensorInfo matrix = *floatTensor("m", {3, 4}, values);
        matrix.shape = {4, 4};
        const auto turned = transposedTensor(matrix);
        QVERIFY_EXCEPTION_THROWN(readFloats(*turned), ParseError);
    }
};

QTEST_GUILESS_MAIN(TestTransposedTensor)
#include "tst_transposed_tensor.moc"
