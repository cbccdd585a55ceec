// The model has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "lab/allocation_python.h"
#include "lab/allocation_recipe.h"
#include "lab/compare.h"
#include "open/open_network.h"
#include "quant/fixed_point.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <cmath>
#include <filesystem>

#include <QtTest>

using namespace quantscope;
using nlohmann::json;

namespace {

CandidateText candidate(const std::string &text)
{
    auto parsed = parseCandidate(text);
    return parsed ? *parsed : CandidateText{};
}

/// A golden's recipe as a candidate: "Int8WeightPerTensorFloat,bit_width=4".
std::string candidateOf(const json &recipe)
{
    std::string text = recipe.value("preset", "");
    const json overrides = recipe.value("overrides", json::object());
    for (const auto &[keyword, value] : overrides.items())
        text += "," + keyword + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
    return text;
}

} // namespace

class TestCompare : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void candidates_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says"); ///< empty: it parses
        QTest::newRow("preset") << "Int8WeightPerTensorFixedPoint,bit_width=4"
                                << "";
        QTest::newRow("fixed point") << "ap_fixed<6,-1>"
                                     << "";
        QTest::newRow("fixed point with a keyword") << "ap_fixed<6, 0>,bit_width=4"
                                                    << "";
        QTest::newRow("torch") << "torch_per_channel_affine,bit_width=4,axis=1"
                               << "";
        QTest::newRow("misspelt preset") << "Int8WeightPerTensorFixdPoint"
                                         << "did you mean \"Int8WeightPerTensorFixedPoint\"";
        QTest::newRow("misspelt keyword") << "binary,bitwidth=2"
                                          << "did you mean \"bit_width\"";
        QTest::newRow("no value") << "binary,bit_width"
                                  << "keyword=value";
    }

    void candidates()
    {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto parsed = parseCandidate(text.toStdString());
        QCOMPARE(parsed.has_value(), says.isEmpty());
        if (!parsed)
            QVERIFY2(QString::fromStdString(parsed.error().message).contains(says), parsed.error().message.c_str());
    }

    /// Every weight of Brevitas 0.10.2 whose preset follows from the weights or is stored: its candidate has the
    /// golden's scale and codes.
    void presetsEqualTheGoldens()
    {
        int compared = 0;
        for (const auto &entry : std::filesystem::directory_iterator(test::data("brevitas/0.10.2"))) {
            if (entry.path().extension() != ".json" || entry.path().stem() == "MANIFEST")
                continue;
            const json golden = test::golden(entry.path().string());
            const auto network = recoverQuantizers(
                *openModel((entry.path().parent_path() / golden["files"]["state_dict"].get<std::string>()).string()),
                *parseRecipe(test::recipeOfGolden(golden), "golden.toml"));
            QVERIFY(network);
            for (const json &layer : golden["layers"]) {
                const json weight = layer["quantizers"].value("weight", json::object());
                if (!weight.value("enabled", false) || !weight.contains("codes_sha256_i32")
                    || !weight["codes_sha256_i32"].is_string())
                    continue;
                const json recipe = weight["recipe"];
                if (recipe.contains("input") || recipe.contains("shared_with")
                    || (weight.contains("shared_by") && !weight["shared_by"].is_null()))
                    continue; // these depend on another layer
                const auto result = compareCandidates(*network, {layer["name"].get<std::string>()},
                    {candidate(candidateOf(recipe))}, {.slot = Slot::Weight, .hash = true});
                QVERIFY2(result, result ? "" : result.error().text().c_str());
                const CandidateResult &mine = result->front().candidates[1];
                const std::string where
                    = entry.path().stem().string() + " " + layer["name"].get<std::string>() + " " + mine.name;
                if (!mine.figures)
                    continue; // a scale that is not finite has no figures
                QVERIFY2(mine.figures->codesSha256 == weight["codes_sha256_i32"].get<std::string>(), where.c_str());
                for (std::size_t i = 0; i < mine.slot.quantizer->scale->values.size(); ++i) {
                    const float scale = mine.slot.quantizer->scale->values[i],
                                want = std::strtof(weight["scale"]["values"][i].get<std::string>().c_str(), nullptr);
                    // torch's float32 mean depends on the order of its sums: the last bit is its own.
                    const bool mean = mine.name.find("scaling_stats_op=ave") != std::string::npos
                        && std::nextafter(scale, want) == want;
                    QVERIFY2(scale == want || mean, where.c_str());
                }
                ++compared;
            }
        }
        qInfo("candidates equal to Brevitas 0.10.2: %d weights", compared);
        QVERIFY(compared > 180);
    }

    void torchAffineEqualsItsObservers_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("codes");
        QTest::addColumn<QString>("firstScale");
        QTest::addColumn<int>("firstZero");
        const json goldens = test::golden(test::data("lab/torch_affine.json"));
        for (const json &row : goldens["rows"])
            QTest::addRow("%s %s", row["layer"].get<std::string>().c_str(), row["candidate"].get<std::string>().c_str())
                << QString::fromStdString(row["layer"]) << QString::fromStdString(row["candidate"])
                << QString::fromStdString(row["codes_sha256_i32"]) << QString::fromStdString(row["scales"][0])
                << row["zero_points"][0].get<int>();
    }

    /// Goldens by PyTorch 1.13's MinMaxObserver and PerChannelMinMaxObserver with torch.quantize_per_tensor /
    /// _per_channel.
    void torchAffineEqualsItsObservers()
    {
        QFETCH(QString, layer);
        QFETCH(QString, text);
        const auto network = openNetwork(test::sample("digits_float.pt"));
        const auto result = compareCandidates(
            *network, {layer.toStdString()}, {candidate(text.toStdString())}, {.slot = Slot::Weight, .hash = true});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        const CandidateResult &mine = result->front().candidates[1];
        QTEST(QString::fromStdString(*mine.figures->codesSha256), "codes");
        QFETCH(QString, firstScale);
        QCOMPARE(mine.slot.quantizer->scale->values[0], std::strtof(firstScale.toUtf8(), nullptr));
        QTEST(static_cast<int>(mine.slot.quantizer->zeroPoint->values[0]), "firstZero");
    }

    /// Figures of ap_fixed, binary and ternary against loops in double.
    void figuresAgainstALoop_data()
    {
        QTest::addColumn<QString>("text");
        for (const char *text : {"ap_fixed<6,0>", "ap_fixed<4,-1>", "ap_ufixed<5,1>", "binary", "ternary"})
            QTest::newRow(text) << text;
    }

    void figuresAgainstALoop()
    {
        QFETCH(QString, text);
        const auto network = openNetwork(test::sample("digits_fixed.pt"));
        const std::vector<float> w = readFloats(*network->layer("conv2")->slot("weight")->tensor);
        const auto result = compareCandidates(*network, {"conv2"}, {candidate(text.toStdString())});
        QVERIFY(result);
        const CandidateResult &mine = result->front().candidates[1];
        long double magnitude = 0;
        for (const float v : w)
            magnitude += std::fabs(static_cast<long double>(v));
        const float mean = static_cast<float>(magnitude / static_cast<long double>(w.size()));
        const float threshold = 0.7f * mean;
        long double kept = 0;
        std::uint64_t keptCount = 0;
        for (const float v : w)
            if (std::fabs(v) > threshold) {
                kept += std::fabs(static_cast<long double>(v));
                ++keptCount;
            }
        const auto value = [&](float v) -> float {
            if (text == "binary")
                return v >= 0 ? mean : -mean;
            if (text == "ternary")
                return std::fabs(v) > threshold
                    ? std::copysign(static_cast<float>(kept / static_cast<long double>(keptCount)), v)
                    : 0.0f;
            const FixedType type = *fixedType(*mine.slot.quantizer);
            const double step = std::ldexp(1.0, -type.fractionBits());
            const double low = type.isSigned ? -std::ldexp(1.0, type.width - 1) : 0,
                         high = std::ldexp(1.0, type.isSigned ? type.width - 1 : type.width) - 1;
            return static_cast<float>(std::clamp(std::nearbyint(static_cast<double>(v) / step), low, high) * step);
        };
        long double signal = 0, error = 0, sum = 0, absolute = 0, cross = 0, values = 0;
        for (const float v : w) {
            const double e = static_cast<double>(value(v)) - static_cast<double>(v);
            signal += static_cast<long double>(v) * v;
            values += static_cast<long double>(value(v)) * value(v);
            cross += static_cast<long double>(v) * value(v);
            error += static_cast<long double>(e) * e;
            sum += e;
            absolute += std::fabs(e);
        }
        const auto near = [](double a, long double b, long double scale) {
            return std::fabs(static_cast<long double>(a) - b) <= 1e-12L * std::fabs(scale);
        };
        const QuantizationError &found = mine.figures->error;
        QVERIFY(near(found.mse(), error / w.size(), error / w.size()));
        QVERIFY(near(*found.sqnrDb(), 10 * std::log10(signal / error), 10 * std::log10(signal / error)));
        QVERIFY(near(found.mean(), sum / w.size(), absolute / w.size()));
        QVERIFY(near(*found.cosine(), cross / std::sqrt(signal * values), 1));
        QCOMPARE(mine.codesTotal(),
            text == "binary"        ? 2u
                : text == "ternary" ? 3u
                                    : codeRange(*mine.slot.quantizer).size());
    }

    void fixedPointIsExact()
    {
        const auto network = openNetwork(test::sample("digits_fixed.pt"));
        const auto result = compareCandidates(
            *network, {"conv2"}, {candidate("ap_fixed<6,0>"), candidate("Int8WeightPerChannelFloat")});
        QVERIFY(result);
        QVERIFY(result->front().candidates[0].fixedExact()); // the file's own
        QVERIFY(result->front().candidates[1].fixedExact());
        QVERIFY(!result->front().candidates[2].fixedExact());
        QCOMPARE(result->front().candidates[1].bits(), std::uint64_t{6 * 4608});
        QCOMPARE(result->front().best(), std::vector<std::size_t>{2});
    }

    void errors_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("layer") << "conv3"
                               << "binary"
                               << "did you mean \"conv1\"";
        QTest::newRow("what must be searched") << "conv1"
                                               << "Int8WeightPerTensorFloatMSE"
                                               << "trained or searched";
        QTest::newRow("no tensor") << "relu1"
                                   << "binary"
                                   << "no readable tensor";
        QTest::newRow("width") << "conv1"
                               << "ap_fixed<99,1>"
                               << "from 1 to 32";
        QTest::newRow("axis") << "conv1"
                              << "torch_per_channel_affine,axis=7"
                              << "axis";
    }

    void errors()
    {
        QFETCH(QString, layer);
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto result = compareCandidates(
            *openNetwork(test::sample("digits_fixed.pt")), {layer.toStdString()}, {candidate(text.toStdString())});
        QVERIFY(!result);
        QCOMPARE(result.error().kind, ErrorKind::Usage);
        QVERIFY2(QString::fromStdString(result.error().text()).contains(says), result.error().text().c_str());
    }

    void quantizedFilesAreComparedWithTheirValues()
    {
        const auto network = openNetwork(test::sample("digits_fixed_qcdq.onnx"));
        const auto result
            = compareCandidates(*network, {"conv2"}, {candidate("ap_fixed<6,0>"), candidate("ap_fixed<4,0>")});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QVERIFY(result->front().againstQuantized);
        QVERIFY(!result->front().candidates[1].figures->error.sqnrDb()); // the same grid: no error
        QVERIFY(result->front().candidates[2].figures->error.sqnrDb());
    }

    /// All codes of float8 e4m3fn, stored with a scale of 0.5: the values reach 224 in steps of 2^-10.
    void storedMinifloatsAreComparedWithTheirValues()
    {
        const auto network = openNetwork(test::data("onnx/qdq_minifloat.onnx"));
        const auto result
            = compareCandidates(*network, {"e4m3fn_mm"}, {candidate("ap_fixed<20,9>"), candidate("ap_fixed<16,9>")});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QVERIFY(result->front().againstQuantized);
        const SlotStatistics &same = *result->front().candidates[1].figures;
        QCOMPARE(same.error.errorPower, 0.0);
        QCOMPARE(same.clipped, std::optional<std::uint64_t>(0));
        const QuantizationError &error = result->front().candidates[2].figures->error;
        QCOMPARE(error.maxAbs, 0.00390625); // half of 2^-7
        QCOMPARE(error.errorPower, 0x1.9p-12);
    }

    /// Errors of layers add up, so the front is what trying every combination gives, on its convex hull.
    void frontAgainstEveryCombination()
    {
        const auto network = openNetwork(test::sample("digits_fixed.pt"));
        const auto compared = compareCandidates(
            *network, {"conv1", "conv2", "fc2"}, atWidths({candidate("Int8WeightPerTensorFixedPoint")}, 2, 6));
        QVERIFY(compared);
        const auto points = sweepPoints(*compared);
        QCOMPARE(points.size(), std::size_t{15});
        const auto front = paretoFront(points);
        for (std::size_t i = 1; i < front.size(); ++i)
            QVERIFY(front[i].bits > front[i - 1].bits && front[i].errorPower < front[i - 1].errorPower);
        for (int a = 0; a < 5; ++a)
            for (int b = 5; b < 10; ++b)
                for (int c = 10; c < 15; ++c) {
                    const auto bits = points[size_t(a)].bits + points[size_t(b)].bits + points[size_t(c)].bits;
                    const double error
                        = points[size_t(a)].errorPower + points[size_t(b)].errorPower + points[size_t(c)].errorPower;
                    // No combination is below the line between neighbours of the front.
                    for (std::size_t i = 1; i < front.size(); ++i)
                        if (bits >= front[i - 1].bits && bits <= front[i].bits) {
                            const double t
                                = double(bits - front[i - 1].bits) / double(front[i].bits - front[i - 1].bits);
                            QVERIFY(
                                error >= (front[i - 1].errorPower + t * (front[i].errorPower - front[i - 1].errorPower))
                                    * (1 - 1e-12));
                        }
                }
        const Allocation cheapest = cheapestKeeping(points, 20.0);
        for (const std::size_t i : cheapest.points) {
            QVERIFY(points[i].sqnrDb.value_or(1e9) >= 20.0);
            if (points[i].width > 2)
                QVERIFY(points[i - 1].sqnrDb.value_or(1e9) < 20.0); // one bit less would not keep it
        }
        const auto recipe = parseRecipe(*allocationRecipe(*network, points, cheapest), "sweep.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        for (const std::size_t i : cheapest.points) // in the recipe that was in force, which says more than the choices
            QCOMPARE(settingsFor(*recipe, points[i].layer, Slot::Weight).value("bit_width"),
                std::optional(std::to_string(points[i].width)));
        QVERIFY(allocationPython(points, cheapest).find("weight_quant=Int8WeightPerTensorFixedPoint, weight_bit_width=")
            != std::string::npos);
    }

    /// By hand: of layer a 100 bits lie above the line from 1 to 110 (101 / 99 < 20 / 10), and its 109 bits take away
    /// 1.1 of error each, those of b one.
    void frontByHand()
    {
        const auto point = [](const char *layer, std::uint64_t bits, double error) {
            SweepPoint out;
            out.layer = layer;
            out.bits = bits;
            out.signalPower = 5000;
            out.errorPower = error;
            return out;
        };
        const auto front = paretoFront(
            {point("a", 1, 1000), point("a", 100, 900), point("a", 110, 880), point("b", 10, 50), point("b", 20, 40)});
        QStringList said;
        for (const Allocation &one : front)
            said << QString("%1 %2: %3 bits, %4 of %5")
                        .arg(one.points.at(0))
                        .arg(one.points.at(1))
                        .arg(one.bits)
                        .arg(one.errorPower)
                        .arg(one.signalPower);
        QCOMPARE(said,
            (QStringList{"0 3: 11 bits, 1050 of 10000", "2 3: 120 bits, 930 of 10000", "2 4: 130 bits, 920 of 10000"}));
    }

    /// A lab name in a recipe is what Apply writes.
    void labNamesInARecipe()
    {
        const auto recipe = parseRecipe(
            "[[quantizer]]\nmatch = \"conv2\"\nslot = \"weight\"\npreset = \"ap_fixed<5,-1>\"\n", "r.toml");
        QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
        const auto network = recoverQuantizers(*openModel(test::sample("digits_fixed.pt")), *recipe);
        QVERIFY(network);
        QCOMPARE(apFixedName(*fixedType(*network->layer("conv2")->slot("weight")->quantizer)),
            std::string("ap_fixed<5,-1>"));
        QVERIFY(recipeToml(*network).find("ap_fixed<5,-1>") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestCompare)
#include "tst_compare.moc"
