#include "dialects/torch/computed_parameter.h"

#include "tensor/element.h"
#include "tensor/memory_tensor.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace quantscope;
using Patterns = std::vector<std::uint16_t>;

/// The numbers are those of torch 1.13: orig * mask, and float32.to(dtype).
class TestComputedParameter : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rounded_data()
    {
        QTest::addColumn<DType>("dtype");
        QTest::addColumn<Patterns>("orig");
        QTest::addColumn<Patterns>("mask");
        QTest::addColumn<Patterns>("product");
        QTest::newRow("float16") << DType::Float16
                                 << Patterns{0xc4d1, 0x3994, 0x46b8, 0x4115, 0x4334, 0xbcd2, 0xc447, 0x416c}
                                 << Patterns{0x3a1c, 0x32d7, 0x34e8, 0x28ef, 0x382d, 0x3522, 0x38dc, 0x3830}
                                 << Patterns{0xc35b, 0x30c5, 0x401f, 0x2e45, 0x3f85, 0xb62f, 0xc132, 0x3dad};
        QTest::newRow("bfloat16") << DType::BFloat16
                                  << Patterns{0xbe79, 0x3e1d, 0xc027, 0xbf54, 0xc074, 0x4029, 0xbfff, 0x3f4b}
                                  << Patterns{0x3f27, 0x3f5f, 0x3f70, 0x3e3c, 0x3e97, 0x3f6c, 0x3f45, 0x3e88}
                                  << Patterns{0xbe22, 0x3e09, 0xc01d, 0xbe1c, 0xbf90, 0x401c, 0xbfc4, 0x3e58};
    }

    /// A product of two tensors of a short type is of that type, rounded as torch rounds it.
    void rounded()
    {
        QFETCH(DType, dtype);
        QFETCH(Patterns, orig);
        QFETCH(Patterns, mask);
        QFETCH(Patterns, product);
        auto file = std::make_shared<ModelFile>();
        file->tensors = {*memoryTensor("fc.weight_orig", dtype, {2, 4}, std::span<const std::uint16_t>(orig)),
            *memoryTensor("fc.weight_mask", dtype, {2, 4}, std::span<const std::uint16_t>(mask))};
        const auto found = computedParameter(file, {Reparametrization::Rule::Masked, "fc.weight", {0, 1}});
        QCOMPARE(found->dtype, dtype);
        const std::vector<float> values = readFloats(*found);
        for (std::size_t i = 0; i < product.size(); ++i)
            QCOMPARE(values[i], elementToFloat(dtype, product[i]));
        // A mask of float32 makes the product float32, which is exact.
        const std::vector<float> wide{0.1f, 1, 1, 1, 1, 1, 1, 0};
        file->tensors[1] = *floatTensor("fc.weight_mask", {2, 4}, wide);
        const auto promoted = computedParameter(file, {Reparametrization::Rule::Masked, "fc.weight", {0, 1}});
        QCOMPARE(promoted->dtype, DType::Float32);
        QCOMPARE(readFloats(*promoted)[0], elementToFloat(dtype, orig[0]) * 0.1f);
    }

    void shortFloats()
    {
        const std::vector<float> values{0.0f, -0.0f, 65519.996f, 65520.0f, -1e9f, 0x1p-25f, 0x1.00068ep-25f,
            -0x1.8p-24f, 0x1.ffb48p-15f, 0x1.002p+0f, 0x1.006p+0f, std::numeric_limits<float>::infinity(),
            0x1.ff933cp+127f, 0x1.01p+0f, 0x1.03p+0f};
        const Patterns half{0x0, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x0, 0x1, 0x8002, 0x3ff, 0x3c00, 0x3c02, 0x7c00,
            0x7c00, 0x3c04, 0x3c0c};
        const Patterns brain{0x0, 0x8000, 0x4780, 0x4780, 0xce6e, 0x3300, 0x3300, 0xb3c0, 0x3880, 0x3f80, 0x3f80,
            0x7f80, 0x7f80, 0x3f80, 0x3f82};
        for (std::size_t i = 0; i < values.size(); ++i) {
            QCOMPARE(floatToHalf(values[i]), half[i]);
            QCOMPARE(floatToBfloat16(values[i]), brain[i]);
        }
        for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
            const auto bits = static_cast<std::uint16_t>(pattern);
            if (const float value = halfToFloat(bits); value == value)
                QCOMPARE(floatToHalf(value), bits);
            if (const float value = bfloat16ToFloat(bits); value == value)
                QCOMPARE(floatToBfloat16(value), bits);
        }
        QVERIFY(std::isnan(halfToFloat(floatToHalf(std::nanf("")))));
        QVERIFY(std::isnan(bfloat16ToFloat(floatToBfloat16(std::nanf("")))));
    }
};

QTEST_GUILESS_MAIN(TestComputedParameter)
#include "tst_computed_parameter.moc"
