// The networks have members called slots.
#include "checks/accumulators.h"
#include "export/npz.h"
#include "open/open_network.h"
#include "quant/code_reader.h"
#include "report/accumulators_report.h"
#include "support/golden.h"
#include "support/integer_layers.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <QtTest>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>

#include <nlohmann/json.hpp>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::array<std::string, 4> kLayers = {"conv1", "conv2", "fc1", "fc2"};
constexpr std::array<int, 3> kActivationBits = {8, 6, 8};

std::vector<std::int64_t> codesOf(const Network &network, const std::string &layer, Slot slot)
{
    CodeReader reader(*network.layer(layer)->slot(slot));
    std::vector<std::int64_t> codes(reader.count());
    reader.integers(0, codes);
    return codes;
}

/// sum * 2^-shift, rounded half to even, behind a ReLU.
std::int64_t requantized(std::int64_t sum, int shift, int bits)
{
    const std::int64_t positive = std::max<std::int64_t>(sum, 0), half = std::int64_t{1} << (shift - 1);
    const std::int64_t rest = positive & (2 * half - 1), floor = positive >> shift;
    const std::int64_t code = floor + (rest > half || (rest == half && floor % 2 == 1) ? 1 : 0);
    return std::min(code, (std::int64_t{1} << bits) - 1);
}

IntegerImage pooledByTwo(const IntegerImage &image)
{
    IntegerImage out = IntegerImage::zeros(image.channels, image.rows / 2, image.columns / 2);
    for (std::size_t c = 0; c < image.channels; ++c)
        for (std::size_t y = 0; y < image.rows; ++y)
            for (std::size_t x = 0; x < image.columns; ++x)
                out.pixel(c, y / 2, x / 2) = std::max(out.pixel(c, y / 2, x / 2), image.pixel(c, y, x));
    return out;
}

/// A line for each layer of which the sums are known.
QStringList linesOf(const Network &network, const std::function<QString(const AccumulatorRange &)> &line)
{
    const auto found = accumulatorsOf(network);
    if (!found)
        return {QString::fromStdString(found.error().text())};
    QStringList out;
    for (const AccumulatorRange &range : found->known)
        out << line(range);
    return out;
}

} // namespace

/// The sample's network in integers alone: what its sums really are, beside what they were said to be able to be.
class TestDigitsAccumulators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void ranges_data();
    void ranges();
    void scriptedRanges();
    void everySumIsInItsRange_data();
    void everySumIsInItsRange();
    void exports_data();
    void exports();
    void trainedForTheirBits_data();
    void trainedForTheirBits();

private:
    struct Seen {
        std::int64_t min = INT64_MAX, max = INT64_MIN;
    };
    /// What leaves its range; empty when nothing does.
    QString runLayer(std::size_t layer, IntegerImage &image);
    QString run(IntegerImage image);

    std::array<IntegerConvolution, 4> m_layers;
    Accumulators m_ranges;
    std::array<Seen, 4> m_seen;
    nlohmann::json m_golden;
};

void TestDigitsAccumulators::initTestCase()
{
    const auto network = openNetwork(sample("digits_fixed.pt"));
    QVERIFY(network.has_value());
    auto ranges = accumulatorsOf(*network);
    QVERIFY(ranges.has_value());
    m_ranges = *std::move(ranges);
    QCOMPARE(m_ranges.known.size(), kLayers.size());
    m_golden = golden(sample("digits_expected.json"))["digits_fixed"]["integer_network"];
    m_layers = {IntegerConvolution{.inputs = 1, .outputs = 16, .rows = 3, .columns = 3, .pad = 1},
        IntegerConvolution{.inputs = 16, .outputs = 32, .rows = 3, .columns = 3, .pad = 1},
        IntegerConvolution{.inputs = 128, .outputs = 64}, IntegerConvolution{.inputs = 64, .outputs = 10}};
    for (std::size_t i = 0; i < kLayers.size(); ++i) {
        m_layers[i].weight = codesOf(*network, kLayers[i], Slot::Weight);
        m_layers[i].bias = codesOf(*network, kLayers[i], Slot::Bias);
        QCOMPARE(network->layer(m_ranges.known[i].layer).name, kLayers[i]);
    }
    for (std::size_t i = 0; i < kActivationBits.size(); ++i) {
        const std::vector<Requantization> &requantizations = m_ranges.known[i].requantizations;
        QCOMPARE(requantizations.size(), std::size_t{1});
        QCOMPARE(requantizations[0].factors.size(), std::size_t{1});
        QCOMPARE(requantizations[0].worstPowerError(), 0.0);
        QCOMPARE(
            requantizations[0].factors[0].powerShift, m_golden["shifts"]["relu" + std::to_string(i + 1)].get<int>());
    }
}

QString TestDigitsAccumulators::runLayer(std::size_t layer, IntegerImage &image)
{
    image = m_layers[layer](image);
    const std::size_t plane = image.rows * image.columns;
    for (std::size_t p = 0; p < image.at.size(); ++p) {
        const std::int64_t sum = image.at[p];
        const ChannelSum &range = m_ranges.known[layer].channels[p / plane];
        if (sum < range.min || sum > range.max)
            return QStringLiteral("%1 channel %2: %3").arg(kLayers[layer].c_str()).arg(p / plane).arg(sum);
        m_seen[layer].min = std::min(m_seen[layer].min, sum);
        m_seen[layer].max = std::max(m_seen[layer].max, sum);
        if (layer < kActivationBits.size())
            image.at[p] = requantized(
                sum, m_ranges.known[layer].requantizations[0].factors[0].powerShift, kActivationBits[layer]);
    }
    return {};
}

QString TestDigitsAccumulators::run(IntegerImage image)
{
    for (std::size_t layer = 0; layer < kLayers.size(); ++layer) {
        if (layer == 2)
            image = {image.at.size(), 1, 1, image.at};
        if (const QString outside = runLayer(layer, image); !outside.isEmpty())
            return outside;
        if (layer < 2)
            image = pooledByTwo(image);
    }
    return {};
}

void TestDigitsAccumulators::everySumIsInItsRange_data()
{
    QTest::addColumn<bool>("saturating");
    QTest::newRow("360 test images") << false;
    QTest::newRow("64 inputs that saturate") << true;
}

void TestDigitsAccumulators::everySumIsInItsRange()
{
    QFETCH(bool, saturating);
    const QByteArray data = saturating ? npzArray(sample("digits_saturating.npz"), "codes")
                                       : npzArray(sample("digits_test.npz"), "images");
    QCOMPARE(data.size(), saturating ? 64 * 64 : 360 * 64 * 4);
    m_seen = {};
    IntegerImage image = IntegerImage::zeros(1, 8, 8);
    for (std::size_t i = 0; i < (saturating ? 64u : 360u); ++i) {
        for (std::size_t p = 0; p < 64; ++p) {
            float pixel = 0;
            if (!saturating)
                std::memcpy(&pixel, data.constData() + (i * 64 + p) * sizeof(float), sizeof(float));
            const auto code = saturating ? static_cast<signed char>(data[static_cast<qsizetype>(i * 64 + p)])
                                         : static_cast<std::int64_t>(std::nearbyint(pixel * 64));
            image.at[p] = std::clamp<std::int64_t>(code, -128, 127);
        }
        QCOMPARE(run(image), QString());
    }
    // The test is as long as the network: its sums are those that numpy found.
    const nlohmann::json expected
        = saturating ? m_golden["saturating_input"]["accumulators"] : m_golden["accumulators"];
    for (std::size_t i = 0; i < kActivationBits.size(); ++i) {
        QCOMPARE(m_seen[i].min, expected[kLayers[i]]["min"].get<std::int64_t>());
        QCOMPARE(m_seen[i].max, expected[kLayers[i]]["max"].get<std::int64_t>());
    }
}

/// By numpy, from the codes that Brevitas has; in the QCDQ export by the same names.
void TestDigitsAccumulators::ranges_data()
{
    QTest::addColumn<QString>("file");
    for (const char *file : {"digits_fixed.pt", "digits_fixed_qonnx.onnx", "digits_fixed_qcdq.onnx"})
        QTest::newRow(file) << QString(file);
}

void TestDigitsAccumulators::ranges()
{
    QFETCH(QString, file);
    const auto network = openNetwork(sample(file.toStdString()));
    QVERIFY(network.has_value());
    const auto line = [&](const AccumulatorRange &range) {
        return QStringLiteral("%1 %2 to %3, %4 bits in channel %5 of %6, %7 terms of %8%9")
            .arg(network->layer(range.layer).name.c_str())
            .arg(range.min)
            .arg(range.max)
            .arg(range.bitsNeeded)
            .arg(range.channel)
            .arg(range.channels.size())
            .arg(range.terms)
            .arg(inputName(*network, range.input).c_str())
            .arg(range.biasIncluded ? u", bias" : u"");
    };
    QCOMPARE(linesOf(*network, line),
        (QStringList{"conv1 -52889 to 53446, 17 bits in channel 0 of 16, 9 terms of quant_inp, bias",
            "conv2 -133054 to 131482, 19 bits in channel 7 of 32, 144 terms of relu1, bias",
            "fc1 -9906 to 13573, 15 bits in channel 0 of 64, 128 terms of relu2, bias",
            "fc2 -299543 to 214537, 20 bits in channel 0 of 10, 64 terms of relu3, bias"}));
    const auto found = accumulatorsOf(*network);
    QVERIFY(found && found->unknown.empty());
    const QString text = QString::fromStdString(accumulatorsText(*network, *found));
    QVERIFY2(text.contains(u"32 declared, 19 needed") && text.contains(u"relu1: x 2^-7, exact"), qPrintable(text));
    const nlohmann::ordered_json fc1 = accumulatorsJson(*network, *found)[2];
    QCOMPARE(QString::fromStdString(fc1.dump()),
        QStringLiteral(
            R"({"layer":"fc1","min":-9906,"max":13573,"bits_needed":15,"channel":0,"bias_included":true,)"
            R"("input":"relu2","declared_bits":32,"terms":128,"exact":true,"requantization":[{"output":"relu3",)"
            R"("factor":["0x1p-4"],"multiplier":[1073741824],"shift":[-3],"power_of_two_shift":[4],)"
            R"("worst_error":0.0,"power_of_two_worst_error":0.0}]})"));
}

/// Its biases' scales are computed by linear layers of two constants, which nothing reads as data.
void TestDigitsAccumulators::scriptedRanges()
{
    const auto network = openNetwork(sample("digits_fixed_qcdq.ts.pt"));
    QVERIFY(network.has_value());
    const auto line = [&](const AccumulatorRange &range) {
        return QStringLiteral("%1 to %2 of %3")
            .arg(range.min)
            .arg(range.max)
            .arg(inputName(*network, range.input).c_str());
    };
    QCOMPARE(linesOf(*network, line),
        (QStringList{"-52889 to 53446 of act_0", "-133054 to 131482 of act_2", "-9906 to 13573 of act_4",
            "-299543 to 214537 of act_7"}));
}

/// By numpy from the QONNX file, with a transposed convolution of stride 2 and one that reads a concatenation; the
/// other exports of the network have the same codes.
void TestDigitsAccumulators::exports_data()
{
    QTest::addColumn<QString>("ending");
    for (const char *ending : {"qonnx.onnx", "qcdq.onnx", "qcdq.ts.pt"})
        QTest::newRow(ending) << QString(ending);
}

void TestDigitsAccumulators::exports()
{
    QFETCH(QString, ending);
    const Network network = opened(data("brevitas/0.10.2/unet_cat." + ending.toStdString()));
    const auto line = [](const AccumulatorRange &range) {
        return QStringLiteral("%1 to %2, %3 bits%4")
            .arg(range.min)
            .arg(range.max)
            .arg(range.bitsNeeded)
            .arg(range.bound.empty() ? u"" : u" at most");
    };
    QCOMPARE(linesOf(network, line),
        (QStringList{"-40449 to 40386, 17 bits", "-15120 to 15561, 15 bits", "-31689 to 33642, 17 bits",
            "-611953 to 611027, 21 bits", "-36210 to 19890, 17 bits"}));
}

/// Accumulator-aware training bounds the sums: what it promised holds for the codes.
void TestDigitsAccumulators::trainedForTheirBits_data()
{
    QTest::addColumn<QString>("version");
    QTest::addColumn<QStringList>("declared");
    QTest::newRow("0.9.1") << "0.9.1" << QStringList{"c0_32 32", "c0_12 12"};
    for (const char *version : {"0.10.2", "0.12.1"})
        QTest::newRow(version) << version << QStringList{"c0_32 32", "c0_12 12", "c1_32 32", "c1_12 12"};
}

void TestDigitsAccumulators::trainedForTheirBits()
{
    QFETCH(QString, version);
    const std::string stem = data("brevitas/" + version.toStdString() + "/w_a2q");
    const auto recipe = parseRecipe(recipeOfGolden(golden(stem + ".json")), "r.toml");
    QVERIFY(recipe.has_value());
    const auto network = recoverQuantizers(*openModel(stem + ".pt"), *recipe);
    QVERIFY(network.has_value());
    const auto found = accumulatorsOf(*network);
    QVERIFY(found.has_value());
    QStringList declared;
    for (const AccumulatorRange &range : found->known) {
        declared << QStringLiteral("%1 %2").arg(network->layer(range.layer).name.c_str()).arg(range.declaredBits);
        QVERIFY2(!range.overflows(), bitsText(range).c_str());
    }
    QTEST(declared, "declared");
}

QTEST_GUILESS_MAIN(TestDigitsAccumulators)
#include "tst_digits_accumulators.moc"
