#include "formats/torch/flipped_source.h"
#include "formats/torch/tensor_builder.h"

#include <QtTest>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

using namespace quantscope;

namespace {

template <class T> Storage storageOf(const std::vector<T> &values)
{
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    const std::uint64_t size = bytes.size();
    return {.source = std::make_shared<MemorySource>(std::move(bytes)),
        .offset = 0,
        .bytes = size,
        .bigEndian = false,
        .id = 7};
}

template <class T> std::vector<T> valuesOf(const Storage &storage)
{
    const auto bytes = storage.source->bytes(storage.offset, storage.bytes);
    std::vector<T> out(bytes.size() / sizeof(T));
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

using List = std::vector<qint64>;

} // namespace

class TestTensorViews : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// offset + sum((size - 1) * stride) < capacity, unless a size is zero.
    void validity_data()
    {
        QTest::addColumn<List>("shape");
        QTest::addColumn<List>("strides");
        QTest::addColumn<quint64>("offset");
        QTest::addColumn<quint64>("capacity");
        QTest::addColumn<bool>("valid");
        constexpr qint64 kHuge = std::numeric_limits<qint64>::max();
        QTest::newRow("fits exactly") << List{2, 3} << List{3, 1} << quint64(0) << quint64(6) << true;
        QTest::newRow("one too many") << List{2, 3} << List{3, 1} << quint64(1) << quint64(6) << false;
        QTest::newRow("scalar") << List{} << List{} << quint64(5) << quint64(6) << true;
        QTest::newRow("scalar outside") << List{} << List{} << quint64(6) << quint64(6) << false;
        QTest::newRow("empty at the end") << List{0, 5} << List{5, 1} << quint64(6) << quint64(6) << true;
        QTest::newRow("empty beyond the end") << List{0} << List{1} << quint64(7) << quint64(6) << false;
        QTest::newRow("expanded") << List{1 << 20} << List{0} << quint64(0) << quint64(1) << true;
        QTest::newRow("transposed") << List{3, 2} << List{1, 3} << quint64(0) << quint64(6) << true;
        QTest::newRow("negative size") << List{-1} << List{1} << quint64(0) << quint64(6) << false;
        QTest::newRow("negative stride") << List{2} << List{-1} << quint64(3) << quint64(6) << false;
        QTest::newRow("other ranks") << List{2} << List{1, 1} << quint64(0) << quint64(6) << false;
        QTest::newRow("extent wraps") << List{3} << List{kHuge} << quint64(4) << quint64(6) << false;
        QTest::newRow("count wraps") << List{kHuge, kHuge} << List{0, 0} << quint64(0) << quint64(6) << false;
        QTest::newRow("offset wraps") << List{2} << List{1} << ~quint64(0) << quint64(6) << false;
    }

    void validity()
    {
        QFETCH(List, shape);
        QFETCH(List, strides);
        QFETCH(quint64, offset);
        QFETCH(quint64, capacity);
        QFETCH(bool, valid);
        const Shape sizes(shape.begin(), shape.end()), steps(strides.begin(), strides.end());
        bool accepted = true;
        try {
            requireWithin(sizes, steps, offset, capacity, {});
        } catch (const ParseError &) {
            accepted = false;
        }
        QCOMPARE(accepted, valid);
    }

    void negatedFloats()
    {
        const Storage flip = flipped(storageOf<float>({1.5f, -0.0f, -3.0f}), DType::Float32, Flip::Negative);
        const auto values = valuesOf<float>(flip);
        QCOMPARE(values[0], -1.5f);
        QVERIFY(values[1] == 0.0f && !std::signbit(values[1]));
        QCOMPARE(values[2], 3.0f);
        QCOMPARE(flip.id, std::uint64_t(0)); // it does not alias the storage any more
    }

    void negatedIntegers()
    {
        QCOMPARE(valuesOf<std::int32_t>(
                     flipped(storageOf<std::int32_t>({1, -256, 0, INT32_MIN}), DType::Int32, Flip::Negative)),
            (std::vector<std::int32_t>{-1, 256, 0, INT32_MIN})); // as two's complement does
    }

    void conjugates()
    {
        const auto storage = storageOf<float>({1, 2, 3, -4});
        QCOMPARE(
            valuesOf<float>(flipped(storage, DType::Complex64, Flip::Conjugate)), (std::vector<float>{1, -2, 3, 4}));
        QCOMPARE(
            valuesOf<float>(flipped(storage, DType::Complex64, Flip::Negative)), (std::vector<float>{-1, -2, -3, 4}));
        QCOMPARE(valuesOf<float>(flipped(storage, DType::Float32, Flip::Conjugate)), (std::vector<float>{1, 2, 3, -4}));
    }

    void partsOfElements()
    {
        const Storage flip = flipped(storageOf<std::int16_t>({1, 2, 3}), DType::Int16, Flip::Negative);
        const auto whole = flip.source->bytes(0, 6);
        for (std::uint64_t begin = 0; begin < 6; ++begin)
            for (std::uint64_t length = 0; begin + length <= 6; ++length)
                QVERIFY(flip.source->bytes(begin, length)
                    == std::vector(
                        whole.begin() + static_cast<long>(begin), whole.begin() + static_cast<long>(begin + length)));
        QVERIFY_EXCEPTION_THROWN(flip.source->bytes(5, 2), ParseError);
    }

    void typeNames()
    {
        QCOMPARE(dtypeOfStorageClass("FloatStorage"), DType::Float32);
        QCOMPARE(dtypeOfStorageClass("UntypedStorage"), DType::UInt8);
        QCOMPARE(dtypeOfStorageClass(""), DType::Unknown);
        QCOMPARE(dtypeOfTorchName("float8_e5m2"), DType::Float8E5M2);
        QCOMPARE(dtypeOfTorchName(""), DType::Unknown);
        QCOMPARE(storageItemBytes(DType::Complex128), std::uint64_t(16));
        QCOMPARE(storageItemBytes(DType::QUInt4x2), std::uint64_t(1));
        QCOMPARE(codesPerItem(DType::QUInt2x4), std::uint64_t(4));
    }
};

QTEST_APPLESS_MAIN(TestTensorViews)
#include "tst_tensor_views.moc"
