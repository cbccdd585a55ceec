// The model has members named `slots`.
#include "checks/data_checks.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

/// What is said of the data of a file under the recipe beside it.
std::vector<Diagnostic> saidOf(const std::string &path)
{
    auto opened = openNetwork(path);
    return opened ? inspect(std::make_shared<const Network>(std::move(*opened)))->diagnostics
                  : std::vector<Diagnostic>{{"not-opened", Severity::Error, {}, opened.error().text()}};
}

QString ruleOf(const std::vector<Diagnostic> &diagnostics, std::string_view rule)
{
    for (const Diagnostic &d : diagnostics)
        if (d.rule == rule)
            return QString::fromStdString(d.text);
    return {};
}

Quantizer affine(int bits, bool narrow, std::vector<float> scales)
{
    Quantizer q;
    q.bitWidth = bits;
    q.isSigned = true;
    q.narrow = narrow;
    q.scale = Granular{{}, {}, std::move(scales)};
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    return q;
}

} // namespace

class TestDataChecks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saturated_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<qulonglong>("atLimit");
        QTest::addColumn<int>("clipped"); ///< -1: the file holds only codes
        QTest::addColumn<bool>("exact"); ///< its floats are on the grid already
        QTest::addColumn<QString>("text"); ///< a part of it; empty when nothing is to say
        QTest::newRow("three bits, nothing clipped") << 3 << 170ull << 0 << false << "";
        QTest::newRow("four bits, a few clipped") << 4 << 90ull << 9 << false << "";
        QTest::newRow("clipped") << 8 << 40ull << 40 << false << "4.0 % of the values (40 of 1,000) lie beyond";
        QTest::newRow("few bits, clipped") << 3 << 300ull << 100 << false << "10.0 % of the values (100 of 1,000)";
        QTest::newRow("codes, as even values may have them") << 4 << 176ull << -1 << false << "";
        QTest::newRow("codes, more than even values have") << 4 << 177ull << -1 << false << "would put 13.3 %";
        QTest::newRow("eight bits of codes, by chance") << 8 << 19ull << -1 << false << "";
        QTest::newRow("eight bits of codes") << 8 << 20ull << -1 << false << "2.0 % of the codes (20 of 1,000)";
        QTest::newRow("quantized floats, as even") << 4 << 176ull << 0 << true << "";
        QTest::newRow("quantized floats, piled up") << 4 << 400ull << 0 << true << "40.0 % of the codes";
    }

    /// What was clipped counts; where only codes are known, evenly spread values are the measure.
    void saturated()
    {
        QFETCH(int, bits);
        QFETCH(qulonglong, atLimit);
        QFETCH(int, clipped);
        QFETCH(bool, exact);
        QFETCH(QString, text);
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot;
        slot.quantizer = affine(bits, true, {0.5f});
        SlotStatistics s;
        s.count = 1000;
        s.low = -1;
        s.high = 1;
        s.atLimit = atLimit;
        s.hasFloats = clipped >= 0;
        if (clipped >= 0)
            s.clipped = static_cast<std::uint64_t>(clipped);
        s.error.count = 1000;
        s.error.errorPower = exact ? 0 : 1;
        s.error.maxAbs = exact ? 0 : 2;
        const QString said = ruleOf(checkSlot({layer, slot, &s}), "saturated");
        if (text.isEmpty())
            QCOMPARE(said, QString());
        else
            QVERIFY2(said.contains(text), qPrintable(said));
    }

    /// A few codes are all ends, whatever was clipped: of two bits four, of eight two of every hundred would be said.
    void fourCodes()
    {
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot;
        slot.quantizer = affine(2, false, {0.5f}); // -2 .. 1
        SlotStatistics s;
        s.count = 1000;
        s.low = -1;
        s.high = 1;
        s.hasFloats = true;
        s.clipped = 300;
        s.error.count = 1000;
        s.error.errorPower = 1;
        s.error.maxAbs = 2;
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "saturated"), QString());
        slot.quantizer->bitWidth = 3;
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "saturated"),
            QString("fc weight: 30.0 % of the values (300 of 1,000) lie beyond the ends -4 and 3 and are clipped"));
    }

    /// A full range of few bits: the largest values are one code more than there is, by nature.
    void fullRange()
    {
        std::vector<float> values(320);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(i + 1) / 160 - 1;
        const auto said = [&](const std::string &keywords) {
            auto network = recovered({{"fc.weight", {4, 80}, values}},
                entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4\n" + keywords));
            return ruleOf(inspect(std::make_shared<const Network>(std::move(*network)))->diagnostics, "saturated");
        };
        QCOMPARE(said("narrow_range = false"), QString());
        QVERIFY(said("scaling_impl_type = \"const\"\nscaling_const = 0.5").contains("are clipped"));
    }

    /// Codes without scales: each of 8 channels may have its own, and then one code at either end.
    void noScales()
    {
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot;
        slot.shape = {8, 27};
        slot.quantizer = affine(8, false, {1});
        slot.quantizer->scale.reset();
        SlotStatistics s;
        s.count = 216;
        s.atLimit = 16;
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "saturated"), QString());
        s.atLimit = 17;
        QVERIFY(ruleOf(checkSlot({layer, slot, &s}), "saturated").contains("7.9 %"));
        s.atLimit = 0;
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "all-zero"), QString("fc weight: all 216 values are zero"));
    }

    /// 1,024 blocks of 16 codes: each has its ends, and 12.5 % of the others are there where values spread evenly.
    void shortBlocks()
    {
        Layer layer;
        layer.name = "nb";
        SlotQuantizer slot;
        slot.shape = {64, 256};
        slot.quantizer = affine(4, false, std::vector<float>(1024, 0.5f));
        slot.quantizer->blockSize = 16;
        SlotStatistics s;
        s.count = 16384;
        s.atLimit = 4056;
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "saturated"), QString());
        s.atLimit = 4057; // 2,048 and an eighth of the other 14,336 are 3,840, with a standard deviation of 54.2
        QVERIFY(ruleOf(checkSlot({layer, slot, &s}), "saturated").contains("would put 23.4 %"));
    }

    /// A bias with a scale for each element has no element that is at its end by nature.
    void biasPerChannel()
    {
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot;
        slot.slot = Slot::Bias;
        slot.quantizer = affine(8, false, {0.5f, 0.5f, 0.25f, 0.25f});
        SlotStatistics s;
        s.count = 4;
        s.high = 1;
        s.clipped = 1;
        s.hasFloats = true;
        s.error.count = 4;
        s.error.errorPower = 1;
        s.error.maxAbs = 2;
        QVERIFY(ruleOf(checkSlot({layer, slot, &s}), "saturated").contains("25.0 %"));
        slot.quantizer->scale->values.resize(1); // one value may be the largest, whose scale it is
        QCOMPARE(ruleOf(checkSlot({layer, slot, &s}), "saturated"), QString());
    }

    /// An abs-max scale clips nothing, and 174 of 1,024 codes are at the ends of seven all the same.
    void absMaxOfFewBits()
    {
        QCOMPARE(ruleOf(saidOf(data("field/no_saturation.pt")), "saturated"), QString());
        QCOMPARE(ruleOf(saidOf(data("field/no_saturation.pt")), "not-opened"), QString());
    }

    void zeros_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<float>("value"); ///< of every element
        QTest::addColumn<int>("severity"); ///< -1: nothing is said
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const std::string &recipe, float value, int severity, const char *text) {
            QTest::newRow(name) << QString::fromStdString(recipe) << value << severity << text;
        };
        const std::string floats = "Int8WeightPerTensorFloat\"\n";
        const int warning = static_cast<int>(Severity::Warning), note = static_cast<int>(Severity::Note);
        row("statistics of zeros", floats, 0, warning, "only a floor value");
        row("statistics of zeros, power of two", "Int8WeightPerTensorFixedPoint\"\n", 0, warning, "NaN gradients");
        row("a constant", floats + "scaling_impl_type = \"const\"\nscaling_const = 0.5\n", 0, note, "may be right");
        row("a stored scale", "Int8WeightPerTensorFloatMSE\"\n", 0, note, "may be right");
        row("values below half a step", floats + "scaling_impl_type = \"const\"\nscaling_const = 508.0\n", 1, warning,
            "though the values reach from 1 to 1");
        row("values of half a step and more", floats + "scaling_impl_type = \"const\"\nscaling_const = 127.0\n", 1, -1,
            "");
    }

    void zeros()
    {
        QFETCH(QString, recipe);
        QFETCH(float, value);
        QFETCH(int, severity);
        QFETCH(QString, text);
        const std::vector<StateTensor> tensors{
            {"fc.weight", {4, 4}, std::vector<float>(16, value)}, weightKey("fc", "scaling_impl.value", {}, {0.5f})};
        auto network = recovered(
            tensors, "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\npreset = \"" + recipe.toStdString());
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const auto said = inspect(std::make_shared<const Network>(std::move(*network)))->diagnostics;
        QCOMPARE(ruleOf(said, "all-zero").isEmpty(), severity < 0);
        for (const Diagnostic &d : said)
            if (d.rule == "all-zero") {
                QCOMPARE(static_cast<int>(d.severity), severity);
                QVERIFY2(QString::fromStdString(d.text).contains(text), d.text.c_str());
            }
    }
};

QTEST_GUILESS_MAIN(TestDataChecks)
#include "tst_data_checks.moc"
