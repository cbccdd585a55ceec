// The model has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "network/align_slot.h"
#include "open/confirm.h"
#include "open/exports_beside.h"
#include "open/open_network.h"
#include "support/golden.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "tensor/memory_tensor.h"

#include <filesystem>
#include <numeric>

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

/// The goldens name TruncTo8bit, which floors, where the network had the default of TruncAvgPool2d: their rounding, and
/// the exports, are those of RoundTo8bit.
std::string withLayersOwnTruncation(std::string recipe)
{
    const std::string named = "TruncTo8bit";
    const std::size_t at = recipe.find(named);
    return at == std::string::npos ? recipe : recipe.replace(at, named.size(), "RoundTo8bit");
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
            QVERIFY(result);
            QCOMPARE(result->difference, std::string());
            QCOMPARE(result->compared, std::size_t{12}); // four weights, four biases, four activations
            QCOMPARE(result->elements, std::uint64_t{13706});
            // QCDQ keeps biases in int32 and loses their widths.
            OpenFields lost;
            for (const char *bias : {"conv1 bias", "conv2 bias", "fc1 bias", "fc2 bias"})
                if (std::string(dialect) == "_qcdq.onnx")
                    lost[bias] = BitWidthField;
            QCOMPARE(result->open, lost);
        }
    }

    void whatARecipeGetsWrong_data()
    {
        QTest::addColumn<QString>("entry");
        QTest::addColumn<QString>("difference");
        const auto row = [](const char *name, const char *match, const char *slot, const char *keys, const char *says) {
            QTest::newRow(name) << QString("[[quantizer]]\nmatch = \"%1\"\nslot = \"%2\"\n%3\n").arg(match, slot, keys)
                                << QString(says);
        };
        row("no bias quantizer", "conv1", "bias", "preset = \"None\"",
            "conv1 bias: has no quantizer here and one of 16 bits there");
        row("wider bias, same codes", "conv2", "bias", "preset = \"Int24Bias\"\ninput = \"relu1\"",
            "conv2 bias: 24 bits here and 16 bits there");
        row("activation's width", "relu2", "act", "bit_width = 3", "relu2 act: scale is 1 here and 0.125 there");
        row("activation's sign", "relu1", "act", "signed = true", "relu1 act: ");
        row("weight's range", "fc2", "weight", "narrow_range = false", "fc2 weight: ");
        row("no activation quantizer", "quant_inp", "act", "preset = \"None\"",
            "quant_inp act: has no quantizer here and one of 8 bits there");
        row("weight's quantizer off", "fc1", "weight", "quant_type = \"fp\"",
            "fc1 weight: has no quantizer here and one of 4 bits there");
        row("weight's width", "conv2", "weight", "bit_width = 8", "conv2 weight: scale is ");
    }

    /// Each entry after the recipe of the sample, which its QONNX confirms.
    void whatARecipeGetsWrong()
    {
        QFETCH(QString, entry);
        QFETCH(QString, difference);
        const auto file = *openModel(test::sample("digits_fixed.pt"));
        Recipe recipe = *loadRecipe(test::sample("digits_fixed.recipe.toml"));
        recipe.quantizers.push_back(recipeOf(entry.toStdString()).quantizers.at(0));
        const auto network = recoverQuantizers(file, recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const auto result = confirmByExport(*network, exported("digits_fixed_qonnx.onnx"));
        QVERIFY(result && !result->confirmed());
        QVERIFY2(result->difference.starts_with(difference.toStdString()), result->difference.c_str());
    }

    void corpusIsConfirmed_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<int>("networks");
        QTest::addColumn<QStringList>("unconfirmed");
        QTest::newRow("0.7.1") << "0.7.1" << 18 << QStringList{"w_shifted"}; // zero points that are no integers
        QTest::newRow("0.9.1") << "0.9.1" << 52 << QStringList();
        QTest::newRow("0.10.2") << "0.10.2" << 53 << QStringList();
        // QONNX alone does not tell how weights are rounded.
        QTest::newRow("0.12.1") << "0.12.1" << 53
                                << QStringList{"bias_overflow", "bit_widths_pot", "edge_zero", "lstm_only",
                                       "lstm_weight_only", "w_binary_ternary"};
    }

    /// What Brevitas exported never speaks against what it trained; the known faults of its exports are explained.
    void corpusIsConfirmed()
    {
        QFETCH(QString, version);
        QFETCH(int, networks);
        QFETCH(QStringList, unconfirmed);
        QTemporaryDir folder;
        QStringList open;
        int compared = 0;
        for (const auto &entry : std::filesystem::directory_iterator(test::data("brevitas/" + version.toStdString()))) {
            const std::filesystem::path &path = entry.path();
            const std::filesystem::path model = folder.filePath("m.pt").toStdString();
            if (path.extension() != ".json" || path.stem() == "MANIFEST")
                continue;
            const auto golden = test::golden(path.string());
            std::filesystem::copy_file(path.parent_path() / golden["files"]["state_dict"].get<std::string>(), model,
                std::filesystem::copy_options::overwrite_existing);
            bool any = false;
            for (const char *dialect : {".qonnx.onnx", ".qcdq.onnx"}) {
                const auto from = path.parent_path() / (path.stem().string() + dialect);
                const std::filesystem::path to = folder.filePath(QString("m") + dialect).toStdString();
                std::filesystem::remove(to);
                any = (std::filesystem::exists(from) && std::filesystem::copy_file(from, to)) || any;
            }
            if (!any)
                continue;
            ++compared;
            const auto recipe = parseRecipe(withLayersOwnTruncation(test::recipeOfGolden(golden)), "golden.toml");
            const auto network = test::openedNetwork(*openModel(model.string()), *recipe);
            QVERIFY(network);
            for (const Diagnostic &d : network->diagnostics)
                QVERIFY2(d.rule != "export-differs", (path.stem().string() + " " + d.text).c_str());
            if (network->confirmedBy.empty())
                open << QString::fromStdString(path.stem().string());
        }
        open.sort();
        QCOMPARE(open, unconfirmed);
        QCOMPARE(compared, networks);
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

    /// Brevitas 0.12.1 writes float weights with the rounding mode ROUND whatever the model does: its QONNX alone
    /// confirms no rounding, and does not speak against the right one.
    void rawWeightsTellNoRounding()
    {
        const std::string folder = test::data("brevitas/0.12.1/");
        const Network graph = *recoverQuantizers(*openModel(folder + "rounding_modes.qonnx.onnx"));
        const auto file = *openModel(folder + "rounding_modes.pt");
        const auto right = parseRecipe(test::recipeOfGolden(test::golden(folder + "rounding_modes.json")), "r.toml");
        Recipe wrong = *right;
        for (RecipeQuantizer &entry : wrong.quantizers)
            std::erase_if(entry.overrides, [](const auto &o) { return o.first == "float_to_int_impl_type"; });
        for (const Recipe &recipe : {*right, wrong}) {
            const auto result = confirmByExport(*recoverQuantizers(file, recipe), graph);
            QVERIFY(result);
            QCOMPARE(result->difference, std::string());
            QVERIFY(!result->confirmed() && !result->knownFault.empty());
            QVERIFY((result->open.at("ceil weight") & (RoundingField | CodesField)) != 0);
        }
        const Network integers = *recoverQuantizers(*openModel(folder + "rounding_modes.qcdq.onnx"));
        QVERIFY(confirmByExport(*recoverQuantizers(file, *right), integers)->confirmed());
        QVERIFY(!confirmByExport(*recoverQuantizers(file, wrong), integers)->difference.empty());
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

    void exportsBesideAModel_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("belongs");
        for (const char *name : {"net.onnx", "net_qonnx.onnx", "net.qcdq.onnx", "net-export_clean.onnx",
                 "net_qonnx_cleaned.onnx", "net.qcdq.ts.pt", "net_scripted.pth", "net.torchscript"})
            QTest::newRow(name) << name << true;
        for (const char *name : {"network.onnx", "net.txt", "other.onnx", "net_v2.onnx", "net_qonnx_v2.onnx",
                 "net_.onnx", "net_quant.pt", "net.ts.txt"})
            QTest::newRow(name) << name << false;
    }

    void exportsBesideAModel()
    {
        QFETCH(QString, name);
        QFETCH(bool, belongs);
        QTemporaryDir folder;
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QVERIFY(QDir(folder.path()).mkpath("net.onnx/net.onnx") || name == "net.onnx"); // a folder is no export
        const auto found = exportsBeside(folder.filePath("net.pt").toStdString());
        QCOMPARE(found.size(), belongs ? std::size_t{1} : std::size_t{0});
    }

    void exportsThatTellNothingAreSaid()
    {
        QTemporaryDir folder;
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), folder.filePath("m.pt")));
        QFile broken(folder.filePath("m.onnx"));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        broken.write(QByteArray("garbage").repeated(100));
        broken.close();
        QVERIFY(QFile::copy(
            QString::fromStdString(test::data("brevitas/0.9.1/finn_mlp.finn.onnx")), folder.filePath("m.finn.onnx")));
        const auto network = openNetwork(folder.filePath("m.pt").toStdString());
        QVERIFY(network);
        QStringList unused;
        for (const Diagnostic &d : network->diagnostics)
            if (d.rule == "export-unused")
                unused << QString::fromStdString(d.text);
        unused.sort();
        QCOMPARE(unused.size(), 2);
        QCOMPARE(unused[0],
            QString(
                "m.finn.onnx beside the file is not used: FINN holds integers, whose scales stand in other operators"));
        QVERIFY(unused[1].startsWith("m.onnx beside"));
        QVERIFY(network->confirmedBy.empty());
    }

    /// FINN's integers prove no scale, not even beside the checkpoint that they were made from.
    void finnConfirmsNothing()
    {
        QTemporaryDir folder;
        for (const char *name : {"finn_mlp.pt", "finn_mlp.finn.onnx"})
            QVERIFY(QFile::copy(
                QString::fromStdString(test::data(std::string("brevitas/0.9.1/") + name)), folder.filePath(name)));
        const auto network = openNetwork(folder.filePath("finn_mlp.pt").toStdString());
        QVERIFY(network);
        QVERIFY(network->confirmedBy.empty() && network->toldBy.empty() && network->recipe.empty());
        for (const char *layer : {"fc1", "fc2", "fc3"})
            QVERIFY(network->layer(layer)->slot(Slot::Weight)->presetAssumed);
    }

    /// A convolution with channels last is told by its elements.
    void channelsLastAreAligned()
    {
        std::vector<float> stored(2 * 3 * 5 * 4);
        std::iota(stored.begin(), stored.end(), 0.0f);
        SlotQuantizer last;
        last.shape = {2, 3, 5, 4};
        last.channelsLast = true;
        last.tensor = memoryTensor("w", DType::Float32, last.shape, std::span<const float>(stored));
        last.quantizer.emplace();
        last.quantizer->scale = Granular{{1, 1, 1, 4}, 3, {1, 2, 3, 4}};
        QVERIFY(!alignedTo(last, {2, 3, 5, 4}, false));
        const auto first = alignedTo(last, {2, 4, 3, 5}, false);
        QVERIFY(first && !first->channelsLast);
        QCOMPARE(*first->quantizer->scale, (Granular{{1, 4, 1, 1}, 1, {1, 2, 3, 4}}));
        std::vector<float> found(stored.size());
        TensorReader(*first->tensor).floats(0, found);
        std::size_t at = 0;
        for (std::size_t o = 0; o < 2; ++o)
            for (std::size_t i = 0; i < 4; ++i)
                for (std::size_t k = 0; k < 15; ++k)
                    QCOMPARE(found[at++], stored[(o * 15 + k) * 4 + i]);
    }

    /// A checkpoint may be called model.onnx: it does not confirm itself, and no other checkpoint.
    void checkpointsConfirmNothing()
    {
        QTemporaryDir folder;
        const std::string model = folder.filePath("m.onnx").toStdString(),
                          other = folder.filePath("m_qonnx.onnx").toStdString();
        std::filesystem::copy_file(test::sample("digits_fixed.pt"), model);
        std::filesystem::copy_file(test::sample("digits_fixed.pt"), other);
        QCOMPARE(exportsBeside(model), std::vector<std::string>{other});
        const auto opened = openNetwork(model);
        QVERIFY(opened);
        QCOMPARE(opened->confirmedBy, std::string());
        QVERIFY(opened->layer("conv1")->slot(Slot::Weight)->assumed);
        const auto said = std::ranges::find(opened->diagnostics, std::string("export-unused"), &Diagnostic::rule);
        QVERIFY(said != opened->diagnostics.end());
        QCOMPARE(said->text, std::string("m_qonnx.onnx beside the file is not used: it holds no graph"));
    }

    void writtenRecipesNameTheirExport()
    {
        const std::string model = test::sample("digits_fixed.pt");
        const std::string whole = recipeToml(*openNetwork(model));
        QVERIFY2(whole.find("# Confirmed code for code by digits_fixed_q") != std::string::npos, whole.c_str());
        const auto bias = recipeOf("[[quantizer]]\nmatch = \"conv2\"\nslot = \"bias\"\npreset = \"Int16Bias\"\n");
        const std::string told = recipeToml(*test::openedNetwork(*openModel(model), bias));
        QVERIFY2(told.find("input = \"relu1\" # from digits_fixed_q") != std::string::npos, told.c_str());
        QVERIFY(told.find("Confirmed") == std::string::npos); // assumed presets are not what the export has
    }

    /// A graph says its quantizers itself.
    void aRecipeForAnExportIsSaidToBeUnused()
    {
        const auto network
            = openNetwork(test::sample("digits_fixed_qonnx.onnx"), test::sample("digits_float.recipe.toml"));
        QVERIFY(network);
        QVERIFY(std::ranges::any_of(network->diagnostics,
            [](const Diagnostic &d) { return d.rule == "recipe-unused" && d.severity == Severity::Warning; }));
    }
};

QTEST_GUILESS_MAIN(TestConfirm)
#include "tst_confirm.moc"
