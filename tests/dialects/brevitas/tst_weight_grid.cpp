// The network has members named `slots`.
#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/brevitas/weight_grid.h"
#include "quant/code_reader.h"
#include "support/state_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

/// Codes from `low` to `high`, both ends among them, times a step in float32.
std::vector<float> onGrid(std::size_t count, int low, int high, float step)
{
    std::mt19937 random(7);
    std::vector<float> values(count);
    for (float &value : values)
        value = static_cast<float>(low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1))) * step;
    values[1] = static_cast<float>(low) * step;
    values[2] = static_cast<float>(high) * step;
    values[3] = static_cast<float>(std::max(low, 0)) * step;
    return values;
}

/// As a network's initial weights, with the low bits of the significand off.
std::vector<float> bell(std::size_t count, unsigned bitsOff, float width = 0.05f)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, width);
    std::vector<float> values(count);
    for (float &v : values)
        v = std::bit_cast<float>(std::bit_cast<std::uint32_t>(normal(random)) >> bitsOff << bitsOff);
    values[count / 2] = 0;
    return values;
}

std::vector<float> withSteps(std::size_t channels, std::size_t length, int limit)
{
    std::vector<float> out;
    for (std::size_t c = 0; c < channels; ++c)
        for (const float code : onGrid(length, -limit, limit, 1))
            out.push_back(code * (0.0123f + 0.0031f * static_cast<float>(c)));
    return out;
}

std::vector<std::int64_t> codesOf(const Network &network)
{
    const SlotQuantizer &slot = *network.layer("c")->slot("weight");
    std::vector<std::int64_t> codes(slot.tensor->count());
    CodeReader(slot).integers(0, codes);
    return codes;
}

} // namespace

class TestWeightGrid : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void grids_data()
    {
        QTest::addColumn<std::vector<float>>("values"); ///< of four output channels
        QTest::addColumn<QString>("text"); ///< empty: no grid
        const auto row = [](const char *name, std::vector<float> values, const char *text) {
            QTest::newRow(name) << std::move(values) << text;
        };
        row("four bits", onGrid(108, -7, 7, 0.125f), "all 108 weights are multiples of 2^-3 between -7 and 7 (4 bits)");
        row("the lowest code too", onGrid(108, -8, 7, 0.125f), "between -8 and 7 (4 bits)");
        row("uneven ends", onGrid(108, -2, 5, 0.125f), "between -2 and 5 (4 bits)");
        row("a float step", onGrid(108, -7, 7, 0.0137f), "multiples of 0.0137 between -7 and 7 (4 bits)");
        row("eight bits", onGrid(4096, -127, 127, 0.00321f), "between -127 and 127 (8 bits)");
        row("twelve bits", onGrid(40000, -2000, 2000, 0x1p-10f), "multiples of 2^-10 between -2000 and 2000");
        row("thirteen bits", onGrid(80000, -4000, 4000, 0x1p-12f), "");
        row("three levels", onGrid(64, -1, 1, 0.7f), "multiples of 0.7 between -1 and 1 (2 bits)");
        std::vector<float> gaps; // 2 and 3 steps, never one
        for (int i = 0; i < 60; ++i)
            gaps.push_back(static_cast<float>(i % 3 == 0 ? 0 : i % 3 + 1) * 0.3f * (i % 2 == 0 ? 1.0f : -1.0f));
        row("no code of one", gaps, "between -3 and 3 (3 bits)");
        row("by channel", withSteps(4, 64, 7),
            "all 256 weights are multiples of one step for each of 4 output channels "
            "between -7 and 7 (4 bits)");
        row("by channel, 27 weights each", withSteps(4, 27, 7), "(4 bits)");
        auto dead = withSteps(4, 64, 7);
        std::fill(dead.begin() + 64, dead.begin() + 128, 0.0f);
        row("a dead channel", dead, "(4 bits)");
        std::vector<float> signs(64);
        for (std::size_t i = 0; i < signs.size(); ++i)
            signs[i] = i % 3 == 0 ? 0.7f : -0.7f;
        row("two levels", signs, "all 64 weights are -1 or +1 times 0.7 (binary)");
        row("float32", bell(4096, 0), "");
        row("from float16", bell(4096, 13), "");
        row("from bfloat16", bell(4096, 16), "");
        row("few float32", bell(36, 0), "");
        row("few from bfloat16", bell(36, 16), "");
        row("zeros", std::vector<float>(64, 0.0f), "");
        row("a constant", std::vector<float>(64, 0.25f), "");
        auto mask = std::vector<float>(64, 0.0f);
        mask[5] = 1;
        row("a constant and zeros", mask, "");
        row("too few to tell", onGrid(12, -1, 1, 0.5f), "");
        row("every value once", ramp(16), "");
        row("no zero", onGrid(64, 1, 5, 0.125f), "");
        auto broken = onGrid(108, -7, 7, 0.125f);
        broken[100] = std::nextafter(broken[100], 9.0f);
        row("one value a bit off", broken, "");
        broken[100] = std::numeric_limits<float>::quiet_NaN();
        row("not a number", broken, "");
        row("below the normal numbers", onGrid(108, -7, 7, 0x1p-140f), "");
    }

    void grids()
    {
        QFETCH(std::vector<float>, values);
        QFETCH(QString, text);
        const auto count = static_cast<std::int64_t>(values.size());
        const auto network = recovered({{"c.weight", {4, count / 4}, values}}, "");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("c")->slot("weight");
        const Diagnostic *said = findRule(*network, "on-grid");
        QCOMPARE(said != nullptr, !text.isEmpty());
        QVERIFY(slot.presetAssumed);
        if (said == nullptr)
            return;
        QVERIFY2(QString::fromStdString(said->text).contains(text), said->text.c_str());
        for (const char *field : {"scale", "bit_width"}) {
            const Provenance &origin = slot.quantizer->origin.at(field);
            QVERIFY(origin.origin == Origin::Assumed);
            QVERIFY2(QString::fromStdString(origin.detail).contains(text), origin.detail.c_str());
        }
        // Its codes are those of the grid: they give the very floats.
        std::vector<float> dequantized(values.size());
        CodeReader(slot).values(0, dequantized);
        for (std::size_t i = 0; i < values.size(); ++i)
            QCOMPARE(dequantized[i] + 0.0f, values[i] + 0.0f);
    }

    /// A word of the recipe, or a key of the file, is more than what the values look like.
    void whatIsSaid()
    {
        const auto values = onGrid(108, -7, 7, 0.125f);
        const StateTensor tensor{"c.weight", {4, 27}, values};
        for (const std::string &recipe :
            {preset("c", "weight", "Int8WeightPerTensorFloat"), entry("c", "weight", "bit_width = 6"),
                preset("c", "weight", "None"), entry("*", "", "bit_width = 6")}) {
            const auto network = recovered({tensor}, recipe);
            QVERIFY(network);
            QVERIFY2(findRule(*network, "on-grid") == nullptr, recipe.c_str());
        }
        QVERIFY(
            findRule(*recovered({tensor, weightKey("c", "scaling_impl.value", {}, {1})}, ""), "on-grid") == nullptr);
    }

    /// The recipe that is printed gives the same codes.
    void printed()
    {
        const auto network = recovered({{"c.weight", {4, 27}, onGrid(108, -2, 5, 0.0137f)}}, "");
        QVERIFY(network);
        const std::string recipe = recipeToml(*network);
        const auto again = recovered({{"c.weight", {4, 27}, onGrid(108, -2, 5, 0.0137f)}}, recipe);
        QVERIFY2(again, recipe.c_str());
        QCOMPARE(codesOf(*again), codesOf(*network));
        QCOMPARE(again->layer("c")->slot("weight")->quantizer->scale->values[0], 0.0137f);
        // What nobody confirmed stays so on the way, every field of it.
        const SlotQuantizer &slot = *again->layer("c")->slot("weight");
        QVERIFY(slot.presetAssumed);
        for (const char *field : {"scale", "bit_width", "narrow"})
            QVERIFY2(slot.quantizer->origin.at(field).origin == Origin::Assumed, field);
    }

    /// Confirming says what is shown, and changes no number; what no recipe can say stays assumed.
    void confirmed()
    {
        const auto same = [](const std::vector<float> &values, bool certain) {
            const auto network
                = recovered({{"c.weight", {4, static_cast<std::int64_t>(values.size() / 4)}, values}}, "");
            QVERIFY(network);
            const SlotId slot{network->layers.front().id, Slot::Weight};
            const auto after = recoverQuantizers(network->file, withConfirmed(network->recipe, *network, {slot}));
            QVERIFY2(after, after ? "" : after.error().text().c_str());
            QCOMPARE(codesOf(*after), codesOf(*network));
            QCOMPARE(after->layer("c")->slot("weight")->assumed, !certain);
        };
        same(onGrid(108, -2, 5, 0.0137f), true);
        same(withSteps(4, 64, 7), false);
    }
};

QTEST_GUILESS_MAIN(TestWeightGrid)
#include "tst_weight_grid.moc"
