// The network has members named `slots`.
#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_edits.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "quant/code_reader.h"
#include "report/inspect.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <algorithm>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::string kJoin = preset("join", "act", "Int8ActPerTensorFloat");
const std::string kRelu = preset("relu", "act", "Uint8ActPerTensorFloat");

/// Two activations, and a layer that reads the unsigned one; `storages` of their thresholds, 0 for one of its own.
Result<Network> network(const std::string &recipe, std::uint64_t joinStorage, std::uint64_t reluStorage)
{
    auto file = std::const_pointer_cast<ModelFile>(
        stateFile({actKey("join", "scaling_impl.value", {}, {2}), actKey("relu", "scaling_impl.value", {}, {2}),
            {"fc.weight", {1, 2}, {1.0f, -0.25f}}, {"fc.bias", {1}, {0.3f}}}));
    file->tensors[0].storage.id = joinStorage;
    file->tensors[1].storage.id = reluStorage;
    const auto parsed = parseRecipe(recipe + preset("fc", "weight", "Int8WeightPerTensorFloat")
            + entry("fc", "bias", "preset = \"Int16Bias\"\ninput = \"relu\""),
        "r.toml");
    if (!parsed)
        return tl::unexpected(parsed.error());
    return recoverQuantizers(std::shared_ptr<const ModelFile>(file), *parsed);
}

const SlotQuantizer &act(const Network &network, const char *layer) { return *network.layer(layer)->slot(Slot::Act); }
float scaleOf(const Network &network, const char *layer) { return act(network, layer).quantizer->scale->values[0]; }

} // namespace

class TestScaleSharing : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Made by Brevitas 0.10.2's graph quantization: truth is in the expect.json beside it.
    void field()
    {
        const auto opened = openNetwork(data("field/shared_int_scaling.pt"));
        QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
        QCOMPARE(scaleOf(*opened, "join"), 0.015625f);
        QCOMPARE(scaleOf(*opened, "relu"), 0.015625f);
        QCOMPARE(act(*opened, "relu").quantizer->isSigned, std::optional(false));
        QVERIFY(!act(*opened, "join").assumed);
        QVERIFY(act(*opened, "relu").assumed);
        const SlotQuantizer &bias = *opened->layer("fc")->slot("bias");
        std::vector<std::int64_t> codes(4);
        CodeReader(bias).integers(0, codes);
        QCOMPARE(codes, (std::vector<std::int64_t>{-1283, 855, 7909, -8123}));
        QVERIFY(bias.assumed);
        const auto inspection = inspect(std::make_shared<const Network>(*opened));
        for (const Diagnostic &d : inspection->diagnostics)
            QVERIFY2(d.text.find("are one quantizer") == std::string::npos, d.text.c_str());
    }

    void graphs_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("bits"); ///< of the ReLU
        QTest::addColumn<float>("relu"); ///< scales that the live models computed
        QTest::addColumn<float>("sum");
        QTest::newRow("0.9.1") << "0.9.1"
                               << "8" << 0.013683761470019817f << 0.013683761470019817f;
        QTest::newRow("0.10.2") << "0.10.2"
                                << "8" << 0.013683761470019817f << 0.013683761470019817f;
        QTest::newRow("0.12.1") << "0.12.1"
                                << "8" << 0.013683761470019817f << 0.013683761470019817f;
        QTest::newRow("ReLU of four bits") << "4_bits"
                                           << "4" << 0.21922771632671356f << 0.013701732270419598f;
    }

    /// Networks with a residual sum, made by brevitas.graph.quantize of that version and run.
    void graphs()
    {
        QFETCH(QString, file);
        QFETCH(QString, bits);
        QFETCH(float, relu);
        QFETCH(float, sum);
        const std::string version = file == "4_bits" ? "0.10.2" : file.toStdString();
        const auto recipe = parseRecipe("brevitas = \"" + version + "\"\n" + kRelu
                + entry("relu", "act", "bit_width = " + bits.toStdString())
                + preset("add_quant", "act", "Int8ActPerTensorFloat"),
            "r.toml");
        const auto found
            = recoverQuantizers(*openModel(data("field/graph_sum_" + file.toStdString() + ".pt")), *recipe);
        QVERIFY2(found, found ? "" : found.error().text().c_str());
        QCOMPARE(scaleOf(*found, "relu"), relu);
        QCOMPARE(scaleOf(*found, "add_quant"), sum);
        QVERIFY(act(*found, "relu").assumed);
        QCOMPARE(act(*found, "add_quant").assumed, relu != sum);
    }

    void sharersOfASharer_data()
    {
        QTest::addColumn<QString>("says"); ///< of fc, with whose quantizer fd shares its own
        QTest::addColumn<float>("scale"); ///< of both: fa reaches to 2, fc to 1, fd to 4
        QTest::newRow("nothing") << "" << 4.0f / 127;
        QTest::newRow("the scale of fa") << "scale_shared_with = \"fa\"" << 2.0f / 127;
        QTest::newRow("the threshold of fa") << "threshold_shared_with = \"fa\"" << 2.0f / 127;
    }

    /// The whole quantizer is shared, and with it what it shares.
    void sharersOfASharer()
    {
        QFETCH(QString, says);
        QFETCH(float, scale);
        const auto found = recovered(
            {{"fa.weight", {1, 2}, {2, -1}}, {"fc.weight", {1, 2}, {1, -1}}, {"fd.weight", {1, 2}, {4, -1}}},
            preset("f*", "weight", "Int8WeightPerTensorFloat") + entry("fd", "weight", "shared_with = \"fc\"")
                + (says.isEmpty() ? std::string() : entry("fc", "weight", says.toStdString())));
        QVERIFY2(found, found ? "" : found.error().text().c_str());
        for (const char *layer : {"fc", "fd"}) {
            const Quantizer &quantizer = *found->layer(layer)->slot("weight")->quantizer;
            QCOMPARE(quantizer.scale->values, std::vector<float>{scale});
            QCOMPARE(quantizer.origin.at("scale").detail,
                found->layer("fc")->slot("weight")->quantizer->origin.at("scale").detail);
        }
    }

    /// And an activation's, by the recipe's word or because two thresholds are one storage.
    void sharersOfASharedThreshold()
    {
        for (const char *says : {"", "scale_shared_with = \"join\""}) {
            const std::string recipe = kJoin + kRelu + entry("relu2", "act", "shared_with = \"relu\"")
                + (*says == 0 ? std::string() : entry("relu", "act", says));
            const auto found = network(recipe, 7, 7);
            QVERIFY2(found, found ? "" : found.error().text().c_str());
            QCOMPARE(scaleOf(*found, "relu"), 2.0f / 128);
            QCOMPARE(scaleOf(*found, "relu2"), 2.0f / 128);
            QCOMPARE(act(*found, "relu2").assumed, act(*found, "relu").assumed);
            QCOMPARE(act(*found, "relu2").assumed, *says == 0);
        }
    }

    void storages_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<bool>("oneStorage");
        QTest::addColumn<float>("join");
        QTest::addColumn<float>("relu");
        QTest::addColumn<bool>("joinAssumed");
        QTest::addColumn<bool>("reluAssumed");
        QTest::addColumn<QString>("warned"); ///< slots with a warning
        const auto row = [](const char *name, const std::string &recipe, bool one, float join, float relu,
                             bool joinAssumed, bool reluAssumed, const char *warned) {
            QTest::newRow(name) << QString::fromStdString(recipe) << one << join << relu << joinAssumed << reluAssumed
                                << warned;
        };
        const auto also = [](const std::string &layer, const std::string &keys) { return entry(layer, "act", keys); };
        const std::string both = kJoin + kRelu;
        row("saved apart", both, false, 2.0f / 128, 2.0f / 255, false, false, "");
        row("one storage", both, true, 2.0f / 128, 2.0f / 128, false, true, "relu");
        row("scale_shared_with", both + also("relu", "scale_shared_with = \"join\""), true, 2.0f / 128, 2.0f / 128,
            false, false, "");
        row("by a wildcard, which the owner is too", both + also("*", "scale_shared_with = \"join\""), true, 2.0f / 128,
            2.0f / 128, false, false, "");
        row("scale_shared_with, saved apart", both + also("relu", "scale_shared_with = \"join:act\""), false,
            2.0f / 128, 2.0f / 128, false, false, "");
        row("threshold_shared_with", both + also("relu", "threshold_shared_with = \"join\""), true, 2.0f / 128,
            2.0f / 255, false, false, "");
        row("said of the signed one", both + also("join", "scale_shared_with = \"relu\""), true, 2.0f / 255, 2.0f / 255,
            false, false, "");
        row("two of one sign", kJoin + preset("relu", "act", "Int8ActPerTensorFloat"), true, 2.0f / 128, 2.0f / 128,
            false, false, "");
        row("other bits", both + also("relu", "bit_width = 4"), true, 2.0f / 128, 2.0f / 8, true, true, "join relu");
        row("other bits, said to share", both + also("relu", "bit_width = 4\nscale_shared_with = \"join\""), true,
            2.0f / 128, 2.0f / 8, false, false, "");
        row("two restrictions", kJoin + preset("relu", "act", "Int8ActPerTensorFixedPoint"), true, 2.0f / 128,
            4.0f / 128, true, true, "join relu");
        row("the threshold of another restriction",
            kRelu + preset("join", "act", "Int8ActPerTensorFixedPoint")
                + also("relu", "threshold_shared_with = \"join\""),
            true, 4.0f / 128, 4.0f / 255, false, false, "");
        row("a constant of another",
            kRelu + preset("join", "act", "SignedTernaryActPerTensorConst")
                + also("relu", "threshold_shared_with = \"join\""),
            false, 1.0f, 1.0f / 255, false, false, "");
        row("whole", kJoin + entry("relu", "act", "shared_with = \"join\""), true, 2.0f / 128, 2.0f / 128, false, false,
            "");
    }

    /// One stored threshold gives one scale, or scales that are assumed; the recipe settles it.
    void storages()
    {
        QFETCH(QString, recipe);
        QFETCH(bool, oneStorage);
        QFETCH(float, join);
        QFETCH(float, relu);
        QFETCH(bool, joinAssumed);
        QFETCH(bool, reluAssumed);
        QFETCH(QString, warned);
        const auto found = network(recipe.toStdString(), 7, oneStorage ? 7 : 8);
        QVERIFY2(found, found ? "" : found.error().text().c_str());
        QCOMPARE(scaleOf(*found, "join"), join);
        QCOMPARE(scaleOf(*found, "relu"), relu);
        QCOMPARE(act(*found, "join").assumed, joinAssumed);
        QCOMPARE(act(*found, "relu").assumed, reluAssumed);
        QStringList layers;
        for (const Diagnostic &d : found->diagnostics)
            if (d.rule == "scale-shared")
                layers << QString::fromStdString(d.text).section(' ', 0, 0);
        QCOMPARE(layers.join(' '), warned);
        // What follows from it has its scale, and its doubt.
        const SlotQuantizer &bias = *found->layer("fc")->slot("bias");
        QCOMPARE(bias.quantizer->scale->values[0], 1.0f / 127 * relu);
        QCOMPARE(bias.assumed, reluAssumed);
    }

    void refused_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const std::string &recipe, const char *text) {
            QTest::newRow(name) << QString::fromStdString(recipe) << text;
        };
        const auto shares = [](const std::string &layer, const std::string &with) {
            return entry(layer, "act", "scale_shared_with = \"" + with + "\"");
        };
        row("itself", kJoin + kRelu + shares("relu", "relu"), "with itself");
        row("nobody", kJoin + kRelu + shares("relu", "jion"), "did you mean \"join\"");
        row("a weight", kJoin + kRelu + shares("relu", "fc:weight"), "different kinds");
        row("a circle", kJoin + kRelu + shares("relu", "join") + shares("join", "relu"), "circle");
        // Each is worked out within the one before: no file may choose how deep that goes.
        std::string chain = kJoin + kRelu;
        for (int i = 0; i < 100; ++i)
            chain += preset("a" + std::to_string(i), "act", "Int8ActPerTensorFloat")
                + shares("a" + std::to_string(i), i == 99 ? "join" : "a" + std::to_string(i + 1));
        row("a long chain", chain, "through more than 64 others");
    }

    void refused()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, text);
        const auto found = network(recipe.toStdString(), 7, 7);
        QVERIFY(!found);
        QVERIFY2(QString::fromStdString(found.error().text()).contains(text), found.error().text().c_str());
    }

    /// An edit of one owner reaches the others, and undoing it too: slots that an earlier recovery knows are not stale.
    void edits()
    {
        const auto first = network(kJoin + kRelu, 7, 7);
        QVERIFY(first);
        const auto again = [](const Network &before, const Recipe &recipe) {
            return recoverQuantizers(before.file, recipe, {}, {.previous = &before});
        };
        const auto fewer = again(
            *first, withChoice(first->recipe, {"relu", Slot::Act, "Uint8ActPerTensorFloat", {{"bit_width", "4"}}}));
        QVERIFY2(fewer, fewer ? "" : fewer.error().text().c_str());
        QCOMPARE(scaleOf(*fewer, "relu"), 2.0f / 8);
        QVERIFY(act(*fewer, "join").assumed); // which nobody edited
        QCOMPARE(fewer->layer("fc")->slot("bias")->quantizer->scale->values[0], 1.0f / 127 * 0.25f);
        const auto back = again(*fewer, first->recipe);
        QVERIFY(back);
        QCOMPARE(scaleOf(*back, "relu"), 2.0f / 128);
        QVERIFY(!act(*back, "join").assumed);
        QCOMPARE(back->diagnostics.size(), first->diagnostics.size());
        // Another sign of the signed one: both are unsigned then, and nothing is left to settle.
        const auto unsignedBoth
            = again(*first, withChoice(first->recipe, {"join", Slot::Act, "Uint8ActPerTensorFloat", {}}));
        QVERIFY(unsignedBoth);
        QCOMPARE(scaleOf(*unsignedBoth, "relu"), 2.0f / 255);
        QVERIFY(!act(*unsignedBoth, "relu").assumed);
    }

    /// Confirming says with whom the scale is shared; the numbers stay.
    void confirmed()
    {
        const auto first = network(kJoin + kRelu, 7, 7);
        QVERIFY(first);
        const SlotId relu{first->layer("relu")->id, Slot::Act};
        const auto after
            = recoverQuantizers(first->file, withConfirmed(first->recipe, *first, {relu}), {}, {.previous = &*first});
        QVERIFY2(after, after ? "" : after.error().text().c_str());
        QCOMPARE(scaleOf(*after, "relu"), 2.0f / 128);
        QVERIFY(!act(*after, "relu").assumed);
        QVERIFY(!after->layer("fc")->slot("bias")->assumed);
        QVERIFY(std::ranges::any_of(after->recipe.quantizers, [](const RecipeQuantizer &entry) {
            return entry.match == "relu" && entry.scaleSharedWith == std::optional<std::string>("join:act");
        }));
    }

    /// A weight that learns its threshold, shared between layers of other widths.
    void weights()
    {
        auto file = std::const_pointer_cast<ModelFile>(
            stateFile({weight("a", {4, 4}), weightKey("a", "scaling_impl.value", {}, {1}), weight("b", {4, 4}),
                weightKey("b", "scaling_impl.value", {}, {1})}));
        file->tensors[1].storage.id = file->tensors[3].storage.id = 9;
        const std::string stored = preset("*", "weight", "Int8WeightPerTensorFloatMSE");
        const auto recover = [&](const std::string &recipe) {
            return recoverQuantizers(std::shared_ptr<const ModelFile>(file), *parseRecipe(recipe, "r.toml"));
        };
        const auto same = recover(stored);
        QVERIFY(same && !same->layer("b")->slot("weight")->assumed);
        const auto other = recover(stored + entry("b", "weight", "bit_width = 4"));
        QVERIFY(other);
        for (const char *layer : {"a", "b"})
            QVERIFY(other->layer(layer)->slot("weight")->assumed);
        const auto settled = recover(stored + entry("b", "weight", "bit_width = 4\nthreshold_shared_with = \"a\""));
        QVERIFY(settled);
        for (const char *layer : {"a", "b"})
            QVERIFY(!settled->layer(layer)->slot("weight")->assumed);
        // Statistics are those of the owner's tensor.
        const auto statistics = recover(preset("*", "weight", "Int8WeightPerTensorFloat")
            + entry("b", "weight",
                "preset = \"Int8WeightPerTensorFloat\"\nscaling_stats_op = \"ave\"\n"
                "scale_shared_with = \"a\""));
        QVERIFY(statistics);
        QCOMPARE(statistics->layer("b")->slot("weight")->quantizer->scale->values[0], 1.0f / 127);
    }
};

QTEST_GUILESS_MAIN(TestScaleSharing)
#include "tst_scale_sharing.moc"
