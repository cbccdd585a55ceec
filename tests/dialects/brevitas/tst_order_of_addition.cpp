// The network has members named `slots`.
#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "support/state_file.h"

#include <cmath>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::string kMean = entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nscaling_stats_op = \"AVE\"");

std::size_t countOf(const Network &network, const std::string &rule)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(network.diagnostics, [&](const Diagnostic &d) { return d.rule == rule; }));
}

const SlotQuantizer &weightOf(const Network &network) { return *network.layer("fc")->slot("weight"); }

} // namespace

class TestOrderOfAddition : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void scales_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<bool>("said");
        const QString floats = "Int8WeightPerTensorFloat\"\nscaling_stats_op = \"%1\"\n";
        QTest::newRow("abs-max") << "Int8WeightPerTensorFloat\"\n" << false;
        QTest::newRow("mean") << floats.arg("ave") << true;
        QTest::newRow("mean of maxima") << floats.arg("max_ave") << true;
        QTest::newRow("mean and sigma") << floats.arg("mean_sigma_std") + "sigma = 2.0\n" << true;
        QTest::newRow("percentile") << floats.arg("percentile") + "high_percentile_q = 90.0\n" << false;
        QTest::newRow("mean, logarithm") << floats.arg("ave") + "restrict_scaling_type = \"log_fp\"\n" << true;
        QTest::newRow("mean, power of two") << floats.arg("ave") + "restrict_scaling_type = \"power_of_two\"\n"
                                            << false;
        QTest::newRow("mean per channel") << "Int8WeightPerChannelFloat\"\nscaling_stats_op = \"ave\"\n" << true;
        QTest::newRow("mean that is searched and stored") << "Int8WeightPerTensorFloatMSE\"\n" << false;
        QTest::newRow("constant") << "SignedBinaryWeightPerTensorConst\"\n" << false;
        QTest::newRow("he") << "Int8WeightPerTensorFloat\"\nscaling_impl_type = \"he\"\n" << false;
        QTest::newRow("binary") << "binary\"\n" << true;
        QTest::newRow("ternary") << "ternary\"\n" << true;
    }

    /// Where a scale is a sum in float32, its origin ends with what that means; what follows from it says so too.
    void scales()
    {
        QFETCH(QString, recipe);
        QFETCH(bool, said);
        const std::string end = "; its last bit depends on the order of addition";
        const auto network = recovered({weight("c", {4, 3, 2, 2}), weightKey("c", "scaling_impl.value", {}, {1}),
                                           {"c.bias", {4}, ramp(4)}, weight("d", {4, 4})},
            "[[quantizer]]\nmatch = \"c\"\nslot = \"weight\"\npreset = \"" + recipe.toStdString()
                + entry("c", "bias", "preset = \"Int16Bias\"\ninput_scale = 0.5")
                + entry("d", "weight", "preset = \"Int8WeightPerTensorFloat\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        for (const char *slot : {"weight", "bias"}) {
            const SlotQuantizer &found = *network->layer("c")->slot(slot);
            QVERIFY2(found.quantizer && found.quantizer->scale, slot);
            const std::string detail = found.quantizer->origin.at("scale").detail;
            QVERIFY2(detail.ends_with(end) == said, detail.c_str());
            QVERIFY2(said || detail.find(end) == std::string::npos, detail.c_str());
        }
        QVERIFY(!network->layer("d")->slot("weight")->quantizer->origin.at("scale").detail.ends_with(end));
    }

    /// An export is no live model, and what it told stays its word: in the recipe that is printed, and when that is
    /// opened without the export.
    void toldByAnExport()
    {
        Network exported = *recovered({weight("fc", {4, 4})}, kMean);
        auto onnx = std::make_shared<ModelFile>();
        onnx->path = "folder/model_qonnx.onnx";
        exported.file = onnx;
        float &scale = exported.layer("fc")->slot(Slot::Weight)->quantizer->scale->values[0];
        scale = std::nextafter(scale, 0.0f);
        const auto file = stateFile({weight("fc", {4, 4})});
        const auto beside
            = recoverQuantizers(file, *parseRecipe(kMean, "r.toml"), {}, {.graph = &exported, .previous = nullptr});
        const std::string printed = recipeToml(*beside);
        const std::string told = "from = \"model_qonnx.onnx\"\n";
        QVERIFY2(printed.find(told) != std::string::npos, printed.c_str());

        const auto alone = recoverQuantizers(file, *parseRecipe(printed, "r.toml"), {}, {});
        QCOMPARE(weightOf(*alone).quantizer->scale->values[0], scale);
        QCOMPARE(weightOf(*alone).proof, ProofVerdict::None);
        QCOMPARE(countOf(*alone, "proof-confirmed"), std::size_t{0});
        QCOMPARE(countOf(*alone, "proof-from-export"), std::size_t{1});
        QVERIFY(weightOf(*alone).quantizer->origin.at("scale").detail.ends_with(
            "; its last bit is that of the recipe's proof 1, from model_qonnx.onnx"));
        const std::string again = recipeToml(*alone);
        QCOMPARE(again.find(told), again.rfind(told));
        QVERIFY2(again.find(told) != std::string::npos, again.c_str());
    }

    /// Another scale than the one that an export told is an export that differs, and an edit leaves it behind.
    void toldOtherwise()
    {
        const std::string recipe
            = kMean + "[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\nscale = [\"0x1p-3\"]\nfrom = \"old.onnx\"\n";
        const auto network = recovered({weight("fc", {4, 4})}, recipe);
        QCOMPARE(weightOf(*network).proof, ProofVerdict::None);
        QCOMPARE(countOf(*network, "proof-differs"), std::size_t{0});
        const Diagnostic *differs = findRule(*network, "proof-from-export");
        QVERIFY(differs != nullptr);
        QVERIFY2(differs->text.find("in old.onnx, as proof 1 of the recipe has it") != std::string::npos,
            differs->text.c_str());

        const Recipe read = *parseRecipe(recipe, "r.toml");
        Network before = *network;
        before.layer("fc")->slot(Slot::Weight)->quantizer->scale->values[0] = 0.125f;
        QCOMPARE(withoutOutdatedProofs(read, before, *network).proofs.size(), std::size_t{0});
        QCOMPARE(withoutOutdatedProofs(read, *network, *network).proofs.size(), std::size_t{1});
    }
};

QTEST_GUILESS_MAIN(TestOrderOfAddition)
#include "tst_order_of_addition.moc"
