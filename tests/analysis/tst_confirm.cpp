// The model has members named `slots`.
#define QT_NO_KEYWORDS
#include "analysis/confirm.h"
#include "analysis/open_network.h"
#include "formats/open_model.h"
#include "support/paths.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;

namespace {

Network exported(const char *name) { return *recoverQuantizers(*openModel(test::sample(name))); }

Recipe recipeOf(const std::string &text)
{
    auto recipe = parseRecipe(text, "r.toml");
    return recipe ? *recipe : Recipe{};
}

} // namespace

class TestConfirm : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void samplesAreConfirmed_data()
    {
        QTest::addColumn<QString>("network");
        QTest::newRow("fixed") << "digits_fixed";
        QTest::newRow("float") << "digits_float";
    }

    void samplesAreConfirmed()
    {
        QFETCH(QString, network);
        const auto opened = openNetwork(test::sample(network.toStdString() + ".pt"));
        QVERIFY(opened);
        QCOMPARE(opened->confirmedBy, network.toStdString() + "_qonnx.onnx");
        for (const char *dialect : {"_qonnx.onnx", "_qcdq.onnx"}) {
            const auto result = confirmByExport(*opened, exported((network.toStdString() + dialect).c_str()));
            QVERIFY(result && result->confirmed());
            QCOMPARE(result->compared, std::size_t{8}); // four weights, four biases
            QCOMPARE(result->elements, std::uint64_t{13706});
        }
    }

    /// One weight with another rounding: the first layer and index that differ, found here by a loop over both.
    void aWrongRecipeIsNamed()
    {
        const auto file = *openModel(test::sample("digits_fixed.pt"));
        Recipe recipe = *loadRecipe(test::sample("digits_fixed.recipe.toml"));
        recipe.quantizers.push_back(
            recipeOf("[[quantizer]]\nmatch = \"conv2\"\nslot = \"weight\"\nfloat_to_int_impl_type = \"floor\"\n")
                .quantizers[0]);
        const auto result = confirmByExport(*recoverQuantizers(file, recipe), exported("digits_fixed_qonnx.onnx"));
        QVERIFY(result && !result->confirmed());
        // conv2's first weight is -1.5587 steps: -2 both ways; the second is 6.6..: 7 rounded, 6 with floor.
        QVERIFY2(result->difference.starts_with("conv2 weight[0, 0, 0, 1]: code 6 here and 7 there"),
            result->difference.c_str());
    }

    void anotherWidthDiffersInScale()
    {
        const auto result = confirmByExport(
            *recoverQuantizers(*openModel(test::sample("digits_fixed.pt")),
                recipeOf(
                    "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFixedPoint\"\n")),
            exported("digits_fixed_qonnx.onnx"));
        QVERIFY(result);
        QVERIFY2(result->difference.starts_with("conv2 weight: scale"), result->difference.c_str());
    }

    /// The graph says which activation feeds a layer, so an external bias needs no `input`.
    void theGraphFeedsTheBias()
    {
        const auto file = *openModel(test::sample("digits_fixed.pt"));
        const Recipe recipe = recipeOf(
            "brevitas = \"0.10.2\"\n[[quantizer]]\nmatch = \"quant_inp\"\nslot = \"act\"\npreset = "
            "\"Int8ActPerTensorFixedPoint\"\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFixedPoint\"\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\n");
        const auto alone = recoverQuantizers(file, recipe);
        QVERIFY(!alone->layer("conv1")->slot("bias")->quantizer->scale);
        const Network graph = exported("digits_fixed_qonnx.onnx");
        const auto hinted = recoverQuantizers(file, recipe, {}, {.graph = &graph, .previous = nullptr});
        const auto &scale = hinted->layer("conv1")->slot("bias")->quantizer->scale;
        QVERIFY(scale);
        QCOMPARE(scale->values[0], 0x1p-13f);
        QVERIFY(!hinted->layer("conv1")->kindAssumed);
    }

    void perChannelConvolutionsAreAssumedWithoutAGraph()
    {
        const auto file = *openModel(test::sample("digits_float.pt"));
        const Recipe recipe = *loadRecipe(test::sample("digits_float.recipe.toml"));
        const auto alone = recoverQuantizers(file, recipe);
        QCOMPARE(alone->layer("conv1")->slot("weight")->quantizer->origin.at("scale").origin, Origin::Assumed);
        const Network graph = exported("digits_float_qonnx.onnx");
        const auto hinted = recoverQuantizers(file, recipe, {}, {.graph = &graph, .previous = nullptr});
        QCOMPARE(hinted->layer("conv1")->slot("weight")->quantizer->origin.at("scale").origin, Origin::Computed);
    }

    /// An edit of one layer takes the others over and gives what a full recovery gives.
    void anEditRecomputesOnlyWhatItTouches()
    {
        const auto file = *openModel(test::sample("digits_fixed.pt"));
        const Recipe before = *loadRecipe(test::sample("digits_fixed.recipe.toml"));
        Recipe after = before;
        after.quantizers.push_back(
            recipeOf("[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 5\n").quantizers[0]);
        after.quantizers.back().number = 99;
        const auto old = recoverQuantizers(file, before);
        const auto full = recoverQuantizers(file, after);
        const auto quick = recoverQuantizers(file, after, {}, {.graph = nullptr, .previous = &*old});
        QVERIFY(full && quick);
        for (const Layer &layer : full->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                const SlotQuantizer *other = quick->layer(layer.name)->slot(slot.slot);
                QCOMPARE(other->quantizer.has_value(), slot.quantizer.has_value());
                QCOMPARE(other->quantizer->bitWidth, slot.quantizer->bitWidth);
                QCOMPARE(other->quantizer->scale->values, slot.quantizer->scale->values);
                QCOMPARE(other->preset, slot.preset);
            }
        QCOMPARE(quick->layer("conv1")->slot("weight")->quantizer->bitWidth, std::optional(5));
        QVERIFY(quick->layer("conv1")->slot("bias")->quantizer->scale->values[0]
            != old->layer("conv1")->slot("bias")->quantizer->scale->values[0]);
    }

    void exportsBesideAModel()
    {
        QTemporaryDir folder;
        for (const char *name : {"net.pt", "net.onnx", "net_qonnx.onnx", "network.onnx", "net.txt", "other.onnx"}) {
            QFile file(folder.filePath(name));
            QVERIFY(file.open(QIODevice::WriteOnly));
        }
        const auto found = exportsBeside(folder.filePath("net.pt").toStdString());
        QCOMPARE(found.size(), std::size_t{2});
        QVERIFY(found[0].ends_with("/net.onnx") && found[1].ends_with("/net_qonnx.onnx"));
    }
};

QTEST_GUILESS_MAIN(TestConfirm)
#include "tst_confirm.moc"
