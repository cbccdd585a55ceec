#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "quant/fixed_point.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <cmath>
#include <filesystem>
#include <set>

#include <QtTest>

using namespace quantscope;
using nlohmann::json;

namespace {

/// What one quantizer of a golden came to.
enum class Verdict { Exact, WithinUlp, Unknowable, Wrong };

struct Comparison {
    Verdict verdict = Verdict::Exact;
    std::string difference;
    void wrong(const std::string &text)
    {
        verdict = Verdict::Wrong;
        difference += text + "; ";
    }
};

bool sameFloat(float a, float b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

bool withinUlp(float a, float b) { return sameFloat(a, b) || std::nextafter(a, b) == b; }

/// torch's 2^v and its float32 means are not portable to the last bit: log domains and mean-type statistics.
bool lastBitIsTorchs(const json &recipe)
{
    const json overrides = recipe.value("overrides", json::object());
    const std::string preset = recipe.value("preset", ""), op = overrides.value("scaling_stats_op", "");
    return overrides.value("restrict_scaling_type", "") == "LOG_FP" || op == "ave" || op == "max_ave"
        || op == "mean_sigma_std" || preset.find("AccumulatorAware") != std::string::npos
        || preset.find("WeightNorm") != std::string::npos || preset.find("Decoupled") != std::string::npos;
}

void compareGranular(
    const char *field, const json &expected, const std::optional<Granular> &found, bool ulp, Comparison &out)
{
    const std::vector<float> want = test::hexFloats(expected["values"]);
    if (!found)
        return out.wrong(std::string(field) + " is unknown");
    const auto at = [](const std::vector<float> &list, std::size_t i) { return list.size() == 1 ? list[0] : list[i]; };
    if (found->values.size() != want.size() && found->values.size() != 1 && want.size() != 1)
        return out.wrong(std::string(field) + " has " + std::to_string(found->values.size()) + " values");
    for (std::size_t i = 0; i < std::max(want.size(), found->values.size()); ++i) {
        const float a = at(found->values, i), b = at(want, i);
        if (sameFloat(a, b))
            continue;
        if (ulp && withinUlp(a, b))
            out.verdict = out.verdict == Verdict::Exact ? Verdict::WithinUlp : out.verdict;
        else
            return out.wrong(QString("%1[%2] is %3, not %4")
                                 .arg(field)
                                 .arg(i)
                                 .arg(double(a), 0, 'g', 9)
                                 .arg(double(b), 0, 'g', 9)
                                 .toStdString());
    }
}

void compareCodes(const json &expected, const SlotQuantizer &slot, Comparison &out)
{
    const bool minifloat
        = slot.quantizer->kind == QuantizerKind::Minifloat; // its codes are patterns, which Brevitas has not
    if (!slot.tensor || !slot.quantizer->isComplete() || (!expected.contains("codes_sha256_i32") && !minifloat))
        return;
    const auto stats = analyse(slot, {.hash = true, .channels = false});
    if (!stats)
        return out.wrong("cannot be analysed: " + stats.error().message);
    const json hash = expected.value("codes_sha256_i32", json());
    if (!minifloat
        && (stats->codesSha256.has_value() != hash.is_string()
            || (hash.is_string() && *stats->codesSha256 != hash.get<std::string>())))
        return out.wrong(
            "codes differ, range " + std::to_string(stats->codesMin) + " to " + std::to_string(stats->codesMax));
    // A scale one unit off gives other values; the codes are what counts then.
    if (out.verdict == Verdict::Exact && stats->valueSha256 && expected.contains("value_sha256_no_negative_zero")
        && *stats->valueSha256 != expected["value_sha256_no_negative_zero"].get<std::string>())
        out.wrong("values differ");
}

Comparison compare(const json &expected, const SlotQuantizer *slot)
{
    Comparison out;
    if (slot == nullptr || !slot->quantizer) {
        out.wrong("is not known");
        return out;
    }
    const Quantizer &q = *slot->quantizer;
    if (!q.bitWidth || *q.bitWidth != static_cast<int>(expected["bit_width"].get<double>()))
        out.wrong("bit_width is " + (q.bitWidth ? std::to_string(*q.bitWidth) : "unknown"));
    if (q.isSigned != expected["signed"].get<bool>())
        out.wrong("signed differs");
    if (expected.contains("narrow") && expected["narrow"].is_boolean() && q.narrow != expected["narrow"].get<bool>())
        out.wrong("narrow differs");
    compareGranular(
        "scale", expected["scale"], q.scale, lastBitIsTorchs(expected.value("recipe", json::object())), out);
    if (expected["frac_bits"].is_number() && q.scale
        && fractionalBits(*q.scale) != FracBits(expected["frac_bits"].get<int>()) && out.verdict != Verdict::Wrong)
        out.wrong("frac_bits differ");
    compareGranular("zero_point", expected["zero_point"], q.zeroPoint, false, out);
    if (out.verdict != Verdict::Wrong)
        compareCodes(expected, *slot, out);
    return out;
}

/// The scale of a truncation is its input's, which the goldens' recipes do not name.
std::string withTruncationInput(std::string recipe)
{
    const std::string entry = "preset = \"RoundTo8bit\"\n";
    const auto at = recipe.find(entry);
    return at == std::string::npos ? recipe : recipe.insert(at + entry.size(), "input = \"q\"\n");
}

} // namespace

class TestBrevitasGoldens : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stateDict_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<int>("unknowable");
        // 0.6.0 saves no activation key before 30 batches: eight activations and the five biases that read them.
        QTest::newRow("0.6.0") << "0.6.0" << 13;
        QTest::newRow("0.7.1") << "0.7.1" << 0;
        QTest::newRow("0.9.1") << "0.9.1" << 0;
        QTest::newRow("0.10.2") << "0.10.2" << 0;
        QTest::newRow("0.12.1") << "0.12.1" << 0;
    }

    void stateDict()
    {
        QFETCH(QString, version);
        QFETCH(int, unknowable);
        std::map<Verdict, int> counts;
        std::vector<std::string> wrong;
        for (const auto &entry : std::filesystem::directory_iterator(test::data("brevitas/" + version.toStdString()))) {
            if (entry.path().extension() != ".json" || entry.path().stem() == "MANIFEST")
                continue;
            const json golden = test::golden(entry.path().string());
            const auto file
                = openModel((entry.path().parent_path() / golden["files"]["state_dict"].get<std::string>()).string());
            QVERIFY2(file, file ? "" : file.error().text().c_str());
            const auto recipe = parseRecipe(withTruncationInput(test::recipeOfGolden(golden)), "golden.toml");
            QVERIFY2(recipe, recipe ? "" : recipe.error().text().c_str());
            const auto network = recoverQuantizers(*file, *recipe);
            QVERIFY2(network, network ? "" : network.error().text().c_str());
            for (const auto &layer : golden["layers"])
                for (const auto &[slot, quantizer] : layer["quantizers"].items()) {
                    if (!quantizer.value("enabled", false) || !quantizer.contains("scale"))
                        continue;
                    const Layer *found = network->layer(layer["name"].get<std::string>());
                    const SlotQuantizer *mine = found == nullptr ? nullptr : found->slot(slot);
                    Comparison result = compare(quantizer, mine);
                    if (result.verdict == Verdict::Wrong && version == "0.6.0" && mine != nullptr && mine->assumed
                        && golden["training_steps"].get<int>() > 0)
                        result.verdict = Verdict::Unknowable;
                    ++counts[result.verdict];
                    if (result.verdict == Verdict::Wrong)
                        wrong.push_back(entry.path().stem().string() + " " + layer["name"].get<std::string>() + ":"
                            + slot + " " + quantizer["recipe"].dump() + ": " + result.difference);
                }
        }
        for (const std::string &line : wrong)
            qWarning("%s", line.c_str());
        qInfo("Brevitas %-6s  quantizers %d  exact %d  within 1 ulp %d  unknowable %d  wrong %d", qPrintable(version),
            counts[Verdict::Exact] + counts[Verdict::WithinUlp] + counts[Verdict::Unknowable] + counts[Verdict::Wrong],
            counts[Verdict::Exact], counts[Verdict::WithinUlp], counts[Verdict::Unknowable], counts[Verdict::Wrong]);
        QCOMPARE(counts[Verdict::Wrong], 0);
        QCOMPARE(counts[Verdict::Unknowable], unknowable);
        QVERIFY(counts[Verdict::Exact] > 200);
    }
};

QTEST_GUILESS_MAIN(TestBrevitasGoldens)
#include "tst_brevitas_goldens.moc"
