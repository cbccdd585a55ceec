#include "tensor/element.h"
#include "tensor/tensor.h"

#include <cmath>
#include <cstring>
#include <numeric>

#include <QtTest>

using namespace quantscope;

namespace {

template <class T>
TensorInfo tensorOf(DType dtype, const std::vector<T> &values, Shape shape, std::vector<std::int64_t> strides = {},
    std::uint64_t first = 0)
{
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    TensorInfo tensor;
    tensor.name = "t";
    tensor.dtype = dtype;
    tensor.shape = std::move(shape);
    tensor.strides = std::move(strides);
    tensor.firstElement = first;
    tensor.storage.bytes = bytes.size();
    tensor.storage.source = std::make_shared<MemorySource>(std::move(bytes));
    return tensor;
}

/// int32 elements that are their own places; none is kept.
class PlacesSource final : public ByteSource {
public:
    explicit PlacesSource(std::uint64_t elements)
        : m_elements(elements)
    {
    }
    std::uint64_t size() const override { return 4 * m_elements; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        passes += offset < m_end ? 1u : 0u;
        m_end = offset + out.size();
        bytesRead += out.size();
        if (offset % 4 != 0 || out.size() % 4 != 0 || m_end > size())
            throw ParseError("no whole elements");
        m_scratch.resize(out.size() / 4);
        std::iota(m_scratch.begin(), m_scratch.end(), static_cast<std::int32_t>(offset / 4));
        std::memcpy(out.data(), m_scratch.data(), out.size());
    }
    mutable std::uint64_t bytesRead = 0, passes = 0; ///< how often the storage was gone back in

private:
    std::uint64_t m_elements;
    mutable std::uint64_t m_end = 0;
    mutable std::vector<std::int32_t> m_scratch;
};

std::vector<float> range(int count)
{
    std::vector<float> out;
    for (int i = 0; i < count; ++i)
        out.push_back(static_cast<float>(i));
    return out;
}

} // namespace

class TestTensor : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void elements_data()
    {
        QTest::addColumn<int>("dtype");
        QTest::addColumn<quint64>("pattern");
        QTest::addColumn<float>("value");
        const auto row = [](const char *name, DType dtype, quint64 pattern, float value) {
            QTest::newRow(name) << int(dtype) << pattern << value;
        };
        row("half one", DType::Float16, 0x3C00, 1.0f);
        row("half smallest subnormal", DType::Float16, 0x0001, std::ldexp(1.0f, -24));
        row("half largest", DType::Float16, 0x7BFF, 65504.0f);
        row("half -infinity", DType::Float16, 0xFC00, -INFINITY);
        row("half NaN", DType::Float16, 0x7E00, NAN);
        row("bfloat16", DType::BFloat16, 0xC0A0, -5.0f);
        row("double rounds to even", DType::Float64, 0x3FF0000010000000ull, 1.0f);
        row("int8", DType::Int8, 0x80, -128.0f);
        row("uint8", DType::UInt8, 0x80, 128.0f);
        row("uint64", DType::UInt64, 0xFFFFFFFFFFFFFFFFull, 18446744073709551616.0f);
        row("int4", DType::Int4, 0x8, -8.0f);
        row("uint4", DType::UInt4, 0x8, 8.0f);
        row("int2", DType::Int2, 0x3, -1.0f);
        row("e4m3fn largest", DType::Float8E4M3FN, 0x7E, 448.0f);
        row("e4m3fn NaN", DType::Float8E4M3FN, 0xFF, NAN);
        row("e4m3fnuz", DType::Float8E4M3FNUZ, 0x7F, 240.0f);
        row("e4m3fnuz NaN", DType::Float8E4M3FNUZ, 0x80, NAN);
        row("e5m2 infinity", DType::Float8E5M2, 0x7C, INFINITY);
        row("e5m2 largest", DType::Float8E5M2, 0x7B, 57344.0f);
        row("e5m2fnuz largest", DType::Float8E5M2FNUZ, 0x7F, 57344.0f);
        row("e8m0", DType::Float8E8M0, 0x80, 2.0f);
        row("e2m1", DType::Float4E2M1, 0xF, -6.0f);
        row("e2m1 subnormal", DType::Float4E2M1, 0x1, 0.5f);
    }

    void elements()
    {
        QFETCH(int, dtype);
        QFETCH(quint64, pattern);
        QFETCH(float, value);
        const float found = elementToFloat(static_cast<DType>(dtype), pattern);
        QVERIFY2(
            found == value || (std::isnan(found) && std::isnan(value)), qPrintable(QString::number(double(found))));
    }

    void views_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<std::vector<std::int64_t>>("strides");
        QTest::addColumn<int>("first");
        QTest::addColumn<std::vector<float>>("expected");
        using Strides = std::vector<std::int64_t>;
        QTest::newRow("contiguous") << Shape{2, 3} << Strides{} << 0 << std::vector<float>{0, 1, 2, 3, 4, 5};
        QTest::newRow("offset") << Shape{2, 2} << Strides{2, 1} << 3 << std::vector<float>{3, 4, 5, 6};
        QTest::newRow("transposed") << Shape{3, 2} << Strides{1, 3} << 0 << std::vector<float>{0, 3, 1, 4, 2, 5};
        QTest::newRow("every other") << Shape{3} << Strides{2} << 1 << std::vector<float>{1, 3, 5};
        QTest::newRow("expanded") << Shape{2, 2} << Strides{0, 1} << 4 << std::vector<float>{4, 5, 4, 5};
        QTest::newRow("strides of single axes do not matter")
            << Shape{1, 3} << Strides{99, 1} << 0 << std::vector<float>{0, 1, 2};
        QTest::newRow("scalar") << Shape{} << Strides{} << 7 << std::vector<float>{7};
        QTest::newRow("empty") << Shape{0, 3} << Strides{} << 0 << std::vector<float>{};
    }

    void views()
    {
        QFETCH(Shape, shape);
        QFETCH(std::vector<std::int64_t>, strides);
        QFETCH(int, first);
        const TensorInfo tensor
            = tensorOf(DType::Float32, range(12), shape, strides, static_cast<std::uint64_t>(first));
        QTEST(readFloats(tensor), "expected");
    }

    void piecesOfAStridedView()
    {
        const TensorInfo tensor = tensorOf(DType::Float32, range(12), {4, 3}, {1, 4});
        TensorReader reader(tensor);
        std::vector<float> piece(4);
        reader.floats(5, piece);
        QCOMPARE(piece, (std::vector<float>{9, 2, 6, 10}));
    }

    void bigEndian()
    {
        TensorInfo tensor = tensorOf<std::uint32_t>(DType::Float32, {0x0000803F, 0x000020C1}, {2});
        tensor.storage.bigEndian = true;
        QCOMPARE(readFloats(tensor), (std::vector<float>{1.0f, -10.0f}));
    }

    void packedAcrossRows()
    {
        // Five nibbles, low half first, no alignment of rows.
        const TensorInfo tensor = tensorOf<std::uint8_t>(DType::UInt4, {0x21, 0x43, 0x05}, {5});
        QCOMPARE(readIntegers(tensor), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
        const TensorInfo two = tensorOf<std::uint8_t>(DType::Int2, {0b11100100}, {2, 2});
        QCOMPARE(readIntegers(two), (std::vector<std::int64_t>{0, 1, -2, -1}));
    }

    void damage_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<std::vector<std::int64_t>>("strides");
        QTest::addColumn<quint64>("first");
        using Strides = std::vector<std::int64_t>;
        QTest::newRow("past the end") << Shape{13} << Strides{} << quint64(0);
        QTest::newRow("offset past the end") << Shape{2} << Strides{} << quint64(11);
        QTest::newRow("stride past the end") << Shape{2, 2} << Strides{11, 1} << quint64(0);
        QTest::newRow("offset wraps") << Shape{2} << Strides{} << quint64(0x4000000000000000ull);
        QTest::newRow("negative stride") << Shape{2} << Strides{-1} << quint64(5);
        QTest::newRow("negative axis") << Shape{-1} << Strides{} << quint64(0);
        QTest::newRow("product wraps to 0") << Shape{1ll << 32, 1ll << 32} << Strides{} << quint64(0);
        QTest::newRow("zero axis hides an absurd one") << Shape{0, 1ll << 62, 1ll << 62} << Strides{} << quint64(0);
    }

    void damage()
    {
        QFETCH(Shape, shape);
        QFETCH(std::vector<std::int64_t>, strides);
        QFETCH(quint64, first);
        const TensorInfo tensor = tensorOf(DType::Float32, range(12), shape, strides, first);
        QVERIFY_THROWS_EXCEPTION(ParseError, readFloats(tensor));
    }

    void largeStridedViews_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<std::vector<std::int64_t>>("strides");
        QTest::addColumn<quint64>("first");
        const auto row = [](const char *name, Shape shape, std::vector<std::int64_t> strides, quint64 first) {
            QTest::newRow(name) << shape << strides << first;
        };
        row("columns", {4200, 4100}, {1, 4200}, 0);
        row("columns of a part", {4100, 2000}, {1, 4200}, 70);
        row("first axis fastest", {170, 100, 1000}, {1, 170, 17000}, 0);
        row("last axis apart", {3, 5, 1000000}, {5, 1, 15}, 0);
        row("every second", {4000, 2100}, {4200, 2}, 1);
        row("a row wider than a band", {2, 17000000}, {1, 2}, 0);
        row("repeated", {3, 2, 4200, 1000}, {0, 1, 2, 8400}, 5);
    }

    /// In bands that go through the storage once each, however the axes stand.
    void largeStridedViews()
    {
        QFETCH(Shape, shape);
        QFETCH(std::vector<std::int64_t>, strides);
        QFETCH(quint64, first);
        const auto source = std::make_shared<PlacesSource>(35'000'000);
        TensorInfo tensor;
        tensor.dtype = DType::Int32;
        tensor.shape = shape;
        tensor.strides = strides;
        tensor.firstElement = first;
        tensor.storage = {.source = source, .offset = 0, .bytes = source->size()};
        TensorReader reader(tensor);
        const auto placeOf = [&](std::uint64_t flat) {
            std::uint64_t place = first;
            for (std::size_t axis = shape.size(); axis-- > 0; flat /= static_cast<std::uint64_t>(shape[axis]))
                place += flat % static_cast<std::uint64_t>(shape[axis]) * static_cast<std::uint64_t>(strides[axis]);
            return static_cast<std::int64_t>(place);
        };
        std::vector<std::int64_t> values(100'003); // no divisor of any axis
        for (std::uint64_t at = 0; at < tensor.count(); at += values.size()) {
            values.resize(std::min<std::uint64_t>(values.size(), tensor.count() - at));
            reader.integers(at, values);
            for (std::uint64_t i = 0; i < values.size(); i += 97)
                QCOMPARE(values[i], placeOf(at + i));
            QCOMPARE(values.back(), placeOf(at + values.size() - 1));
        }
        const std::uint64_t bands = tensor.count() * 4 / (64 << 20) + 2;
        QVERIFY2(source->passes <= bands, qPrintable(QString::number(source->passes)));
        QVERIFY2(source->bytesRead <= bands * source->size(), qPrintable(QString::number(source->bytesRead)));
        std::vector<std::int64_t> few(3);
        reader.integers(12345, few);
        QCOMPARE(few, (std::vector{placeOf(12345), placeOf(12346), placeOf(12347)}));
    }
};

QTEST_GUILESS_MAIN(TestTensor)
#include "tst_tensor.moc"
