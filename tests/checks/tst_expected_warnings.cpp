// What Brevitas' own cases that are broken on purpose must raise, and what the clean ones must not.
#include "checks/rule_table.h"
#include "dialects/brevitas/recipe_words.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "report/check_report.h"
#include "report/inspect.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"

#include <QtTest>

#include <cstdio>
#include <filesystem>

using namespace quantscope;
using namespace Qt::StringLiterals;
using nlohmann::json;

namespace {

const std::vector<std::string> kVersions = {"0.6.0", "0.7.1", "0.9.1", "0.10.2", "0.12.1"};
/// Endings of the files of a case, and what the goldens call them.
const std::vector<std::pair<std::string, std::string>> kFiles
    = {{"state_dict", ".pt"}, {"qonnx", ".qonnx.onnx"}, {"qcdq", ".qcdq.onnx"}, {"torch_qcdq", ".qcdq.ts.pt"}};

/// A sentence of `expected_warnings` and the rule that says it.
struct ExpectedRule {
    std::string_view says, rule;
    bool stateDict, exports;
    bool open = false; ///< it cannot be checked, and that is said
};

const std::vector<ExpectedRule> kExpected = {
    {"holds inf or nan", "not-finite", true, false},
    {"scale is -inf", "not-finite", true, false},
    {"without a stored scale", "never-calibrated", true, false},
    {"at or above 2**31-1", "bias-int32-clip", true, true},
    {"saturated", "bias-saturated", true, true},
    {"all-zero", "all-zero", true, true},
    {"swaps", "dialect", false, true},
    {"receives a plain tensor", "propagation-lost", false, true},
    {"scaling factors differ", "scales-differ", true, false, true},
    {"eval pass raises", "bias-needs-input-scale", true, false},
};

const ExpectedRule *expectedRule(const std::string &warning)
{
    const auto found = std::ranges::find_if(
        kExpected, [&](const ExpectedRule &row) { return warning.find(row.says) != warning.npos; });
    return found == kExpected.end() ? nullptr : &*found;
}

/// 0.10.0 to 0.10.2 alone swap, and in QONNX; QONNX of 0.7.1 holds weights alone.
bool applies(const ExpectedRule &expected, const std::string &version, const std::string &kind)
{
    if (expected.rule == "dialect")
        return version == "0.10.2" && kind == "qonnx";
    return kind == "state_dict" ? expected.stateDict : expected.exports;
}

/// A file alone, a state_dict under the recipe of its golden.
Result<CheckResult> checkedAlone(
    const std::string &path, const json &golden, bool isStateDict, std::optional<Target> target)
{
    auto file = openModel(path);
    if (!file)
        return tl::unexpected(file.error());
    Recipe recipe;
    if (isStateDict) {
        auto read = parseRecipe(test::recipeOfGolden(golden), "golden.recipe.toml");
        if (!read)
            return tl::unexpected(read.error());
        recipe = std::move(*read);
    }
    return OpenedModel(*file, recipe)
        .network()
        .and_then([](Network network) {
            return inspect(std::make_shared<const Network>(std::move(network)), {.channels = true});
        })
        .map([&](const Inspection &inspection) { return check(inspection, target); });
}

bool raises(const CheckResult &result, std::string_view rule)
{
    return std::ranges::find(result.findings, rule, &Finding::rule) != result.findings.end();
}

bool leavesOpen(const CheckResult &result, std::string_view rule)
{
    return std::ranges::find(result.unchecked, rule, &UncheckedRule::rule) != result.unchecked.end();
}

std::string errorsOf(const CheckResult &result)
{
    std::string out;
    for (const Finding &finding : result.findings)
        if (finding.severity == Severity::Error)
            out += finding.rule + ": " + finding.text + "\n";
    return out;
}

void printRow(const std::string &file, const std::string &rule, const std::string &outcome)
{
    std::printf("  %-46s %-24s %s\n", file.c_str(), rule.c_str(), outcome.c_str());
}

} // namespace

class TestExpectedWarnings : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void broken_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("warning");
        for (const std::string &version : kVersions)
            for (const auto &entry : std::filesystem::directory_iterator(test::data("brevitas/" + version))) {
                if (entry.path().extension() != ".json" || entry.path().filename() == "MANIFEST.json")
                    continue;
                const std::string name = entry.path().stem().string();
                const json golden = test::golden(entry.path().string());
                for (const json &warning : golden.value("expected_warnings", json::array()))
                    for (const auto &[kind, ending] : kFiles) {
                        const std::string path = entry.path().parent_path() / (name + ending);
                        const ExpectedRule *expected = expectedRule(warning);
                        if (expected == nullptr || (std::filesystem::exists(path) && applies(*expected, version, kind)))
                            QTest::addRow("%s %s", version.c_str(), (name + ending).c_str())
                                << QString::fromStdString("brevitas/" + version + "/" + name)
                                << QString::fromStdString(ending) << QString::fromStdString(kind)
                                << QString::fromStdString(warning.get<std::string>());
                    }
            }
        std::printf("Cases that are broken on purpose, and the rule that must say so:\n");
    }

    void broken()
    {
        QFETCH(QString, folder);
        QFETCH(QString, file);
        QFETCH(QString, kind);
        QFETCH(QString, warning);
        const ExpectedRule *expected = expectedRule(warning.toStdString());
        QVERIFY2(expected != nullptr, qPrintable(warning));
        const std::string path = test::data(folder.toStdString());
        const auto result
            = checkedAlone(path + file.toStdString(), test::golden(path + ".json"), kind == u"state_dict", {});
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        const bool said = expected->open ? leavesOpen(*result, expected->rule) : raises(*result, expected->rule);
        printRow((folder.mid(9) + file).toStdString(), std::string(expected->rule),
            !said                ? "missing"
                : expected->open ? "not checked, and said"
                                 : "raised");
        QVERIFY(said);
    }

    void clean_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("golden");
        QTest::addColumn<QString>("target");
        for (const std::string &version : kVersions)
            for (const std::string name : {"cnn_cifar_like", "mlp_mixed", "worked_example"})
                for (const auto &[kind, ending] : kFiles) {
                    const std::string base = test::data("brevitas/" + version + "/" + name);
                    if (std::filesystem::exists(base + ending))
                        QTest::addRow("%s %s", version.c_str(), (name + ending).c_str())
                            << QString::fromStdString(base + ending)
                            << QString::fromStdString(kind == "state_dict" ? base + ".json" : "") << QString();
                }
        const auto sampleRows = [](const char *file, const QStringList &targets) {
            for (const QString &target : targets)
                QTest::addRow("%s %s", file, qPrintable(target))
                    << QString::fromStdString(test::sample(file)) << QString() << target;
        };
        sampleRows("digits_fixed.pt", {u"finn"_s, u"hls4ml"_s, u"hls"_s, u"onnx"_s, u"pytorch"_s});
        sampleRows("digits_float.pt", {u"finn"_s, u"hls4ml"_s, u"hls"_s, u"onnx"_s, u"pytorch"_s});
        for (const char *file : {"digits_fixed_qonnx.onnx", "digits_float_qonnx.onnx"})
            sampleRows(file, {u"finn"_s, u"hls4ml"_s, u"hls"_s});
        for (const char *file : {"digits_fixed_qcdq.onnx", "digits_float_qcdq.onnx"})
            sampleRows(file, {u"onnx"_s, u"hls"_s});
        for (const char *file : {"digits_fixed_qcdq.ts.pt", "digits_float_qcdq.ts.pt"})
            sampleRows(file, {u"pytorch"_s, u"hls"_s});
        std::printf("Clean cases, none of which may raise an error:\n");
    }

    void clean()
    {
        QFETCH(QString, path);
        QFETCH(QString, golden);
        QFETCH(QString, target);
        const auto asked = targetFromName(target.toStdString());
        Result<CheckResult> result = golden.isEmpty()
            ? openNetwork(path.toStdString())
                  .and_then([](Network network) {
                      return inspect(std::make_shared<const Network>(std::move(network)), {.channels = true});
                  })
                  .map([&](const Inspection &i) { return check(i, asked); })
            : checkedAlone(path.toStdString(), test::golden(golden.toStdString()), true, asked);
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        const QStringList parts = path.split(u'/');
        printRow((golden.isEmpty() && !target.isEmpty() ? parts.last() : parts[parts.size() - 2] + u'/' + parts.last())
                     .toStdString(),
            target.isEmpty() ? "every target" : target.toStdString(), checkSummary(*result));
        QCOMPARE(errorsOf(*result), std::string());
    }
};

QTEST_APPLESS_MAIN(TestExpectedWarnings)
#include "tst_expected_warnings.moc"
