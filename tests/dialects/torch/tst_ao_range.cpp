#include "dialects/torch/ao_range.h"
#include "support/state_file.h"

#include <QtTest>

#include <vector>

using namespace quantscope;
using Floats = std::vector<float>;

/// What torch 1.13's fake quantizers keep after one pass, and the range that each was made with.
class TestAoRange : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ranges_data()
    {
        QTest::addColumn<Floats>("minimum");
        QTest::addColumn<Floats>("maximum");
        QTest::addColumn<Floats>("scale");
        QTest::addColumn<Floats>("zeroPoint");
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<QString>("ends");
        QTest::newRow("fused, symmetric, the largest is positive")
            << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.000000p-2f} << Floats{0x1.020408p-9f} << Floats{0x0.0p+0f} << 8
            << true << "either";
        QTest::newRow("fused, symmetric, the largest is negative")
            << Floats{-0x1.333334p-2f} << Floats{0x1.000000p-2f} << Floats{0x1.333334p-9f} << Floats{0x0.0p+0f} << 8
            << true << "wide";
        QTest::newRow("in Python, symmetric") << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.000000p-2f}
                                              << Floats{0x1.010102p-9f} << Floats{0x0.0p+0f} << 8 << true << "wide";
        QTest::newRow("in Python, symmetric and narrow")
            << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.000000p-2f} << Floats{0x1.020408p-9f} << Floats{0x0.0p+0f} << 8
            << true << "either";
        QTest::newRow("four bits") << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.000000p-2f} << Floats{0x1.111112p-5f}
                                   << Floats{0x0.0p+0f} << 4 << true << "wide";
        QTest::newRow("seven unsigned bits, affine")
            << Floats{-0x1.c4b130p-2f} << Floats{0x1.3f3dd4p+1f} << Floats{0x1.7ac98ep-6f} << Floats{0x1.300000p+4f}
            << 7 << false << "wide";
        QTest::newRow("fused, eight unsigned bits, affine")
            << Floats{-0x1.c4b130p-2f} << Floats{0x1.3f3dd4p+1f} << Floats{0x1.794d48p-7f} << Floats{0x1.300000p+5f}
            << 8 << false << "wide";
        QTest::newRow("symmetric, unsigned") << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.80e3d8p-3f}
                                             << Floats{0x1.cdb198p-10f} << Floats{128} << 8 << false << "wide";
        QTest::newRow("symmetric, unsigned, limits given")
            << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.80e3d8p-3f} << Floats{0x1.cdb198p-10f} << Floats{127} << 8 << false
            << "wide";
        QTest::newRow("symmetric, four unsigned bits") << Floats{-0x1.cbe3e6p-3f} << Floats{0x1.80e3d8p-3f}
                                                       << Floats{0x1.ea8cb2p-6f} << Floats{7} << 4 << false << "wide";
        QTest::newRow("two channels") << Floats{-0x1.99999ap-3f, -0x1.3e6350p-4f}
                                      << Floats{0x1.000000p-2f, 0x1.598556p-3f}
                                      << Floats{0x1.010102p-9f, 0x1.5ae036p-10f} << Floats{0x0.0p+0f, 0x0.0p+0f} << 8
                                      << true << "wide";
    }

    void ranges()
    {
        QFETCH(Floats, minimum);
        QFETCH(Floats, maximum);
        QFETCH(Floats, scale);
        QFETCH(Floats, zeroPoint);
        const auto range = rangeOf({minimum, maximum, scale, zeroPoint});
        QVERIFY(range);
        QTEST(range->bits, "bits");
        QTEST(range->isSigned, "isSigned");
        QTEST(QString(range->eitherEnd ? "either" : range->narrow ? "narrow" : "wide"), "ends");
    }

    /// Before PyTorch 1.12 codes of a halved range were clamped to 0..255; fused quantizers, whose switches are int64,
    /// never did that. The numbers are those of the seven bits above.
    void bitsOfHalvedRanges_data()
    {
        QTest::addColumn<bool>("fused");
        QTest::addColumn<bool>("on");
        QTest::newRow("not fused") << false << true;
        QTest::newRow("fused") << true << true;
        QTest::newRow("switched off") << false << false;
        QTest::newRow("fused and switched off") << true << false;
    }

    void bitsOfHalvedRanges()
    {
        QFETCH(bool, fused);
        QFETCH(bool, on);
        const std::string act = "fc.activation_post_process.", seen = act + "activation_post_process.";
        auto file = std::make_shared<ModelFile>(*test::stateFile({{"fc.weight", {2, 2}, {1, 2, 3, 4}},
            {act + "scale", {1}, {0x1.7ac98ep-6f}}, {act + "zero_point", {1}, {19}}, {seen + "eps", {1}, {0x1p-23f}},
            {seen + "min_val", {}, {-0x1.c4b130p-2f}}, {seen + "max_val", {}, {0x1.3f3dd4p+1f}}}));
        const std::int64_t wide = on ? 1 : 0;
        const std::uint8_t small = on ? 1 : 0;
        const std::string name = act + "fake_quant_enabled";
        file->tensors.push_back(fused ? *memoryTensor(name, DType::Int64, {1}, std::span(&wide, 1))
                                      : *memoryTensor(name, DType::UInt8, {1}, std::span(&small, 1)));
        file->buildIndex();
        const Network network = *recoverQuantizers(file);
        const SlotQuantizer *slot = network.layer("fc")->slot(Slot::Output);
        QVERIFY(slot);
        QCOMPARE(slot->quantizer.has_value(), on);
        const bool said = std::ranges::any_of(
            network.diagnostics, [](const Diagnostic &d) { return d.rule == "quantizer-switched-off"; });
        QCOMPARE(said, !on);
        if (!on)
            return;
        QCOMPARE(slot->quantizer->bitWidth, std::optional(7));
        QCOMPARE(slot->quantizer->origin.at("bit_width").origin, fused ? Origin::Computed : Origin::Assumed);
        QCOMPARE(slot->assumed, !fused);
    }

    void boundsThatGiveNoScale()
    {
        const Floats low{-1.0f}, high{1.0f}, scale{0.3f}, zero{0.0f}, none;
        QVERIFY(!rangeOf({low, high, scale, zero}));
        QVERIFY(!rangeOf({none, high, scale, zero}));
        QVERIFY(!rangeOf({none, none, none, none}));
    }
};

QTEST_APPLESS_MAIN(TestAoRange)
#include "tst_ao_range.moc"
