#include "analysis/analyse.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/match_export.h"
#include "open/open_network.h"
#include "support/golden.h"
#include "support/paths.h"

#include <filesystem>

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }

std::string textOf(const Network &network, std::string_view rule)
{
    const auto found = std::ranges::find(network.diagnostics, rule, &Diagnostic::rule);
    return found == network.diagnostics.end() ? std::string() : found->text;
}

void copyTo(const fs::path &from, const fs::path &to) { fs::copy_file(from, to, fs::copy_options::overwrite_existing); }

/// What a case of the goldens came to, quantizer by quantizer.
struct Tally {
    int right = 0, assumed = 0, unknown = 0, wrong = 0;
    QStringList wrongs;
};

bool isSame(const json &golden, const SlotQuantizer &slot)
{
    const Quantizer &q = *slot.quantizer;
    const auto same = [](const json &wanted, const Granular &found) {
        const json &values = wanted["values"];
        for (std::size_t i = 0; i < std::max<std::size_t>(values.size(), found.values.size()); ++i) {
            const float a = std::strtof(values[values.size() == 1 ? 0 : i].get<std::string>().c_str(), nullptr);
            const float b = found.values[found.values.size() == 1 ? 0 : i];
            if (!(a == b || (std::isnan(a) && std::isnan(b))))
                return false;
        }
        return true;
    };
    if (q.bitWidth != static_cast<int>(golden["bit_width"].get<double>()) || q.isSigned != golden["signed"].get<bool>()
        || (golden["narrow"].is_boolean() && q.narrow != golden["narrow"].get<bool>())
        || !same(golden["scale"], *q.scale) || !same(golden["zero_point"], *q.zeroPoint))
        return false;
    if (!slot.tensor || !golden.value("codes_sha256_i32", json()).is_string())
        return true;
    const auto statistics = analyse(slot, {.hash = true, .channels = false});
    return statistics && statistics->codesSha256 == golden["codes_sha256_i32"].get<std::string>();
}

void count(const json &golden, const SlotQuantizer *slot, const std::string &name, Tally &tally)
{
    if (slot == nullptr || !slot->quantizer || !slot->quantizer->isComplete())
        ++tally.unknown;
    else if (slot->assumed)
        ++tally.assumed;
    else if (isSame(golden, *slot))
        ++tally.right;
    else {
        ++tally.wrong;
        tally.wrongs << QString::fromStdString(name);
    }
}

/// A case's checkpoint with some of its exports beside it; nullopt when it has none of them.
std::optional<std::string> layOut(
    const fs::path &path, const json &golden, const QStringList &dialects, const QTemporaryDir &folder)
{
    const fs::path model = folder.filePath("m.pt").toStdString();
    copyTo(path.parent_path() / golden["files"]["state_dict"].get<std::string>(), model);
    bool any = false;
    for (const QString dialect : {"qonnx", "qcdq"}) {
        const fs::path from = path.parent_path() / (path.stem().string() + "." + dialect.toStdString() + ".onnx"),
                       to = folder.filePath("m." + dialect + ".onnx").toStdString();
        fs::remove(to);
        if (dialects.contains(dialect) && fs::exists(from)) {
            copyTo(from, to);
            any = true;
        }
    }
    return any ? std::optional(model.string()) : std::nullopt;
}

/// The names that a clean-up gives, and matrices as a MatMul has them.
Network cleanedUp(Network network)
{
    std::map<std::string, int> counters;
    for (Layer &layer : network.layers) {
        layer.name = layer.kind + "_" + std::to_string(counters[layer.kind]++);
        SlotQuantizer *weight = layer.slot(Slot::Weight);
        if (layer.kind != "Linear" || weight == nullptr || !weight->tensor || weight->shape.size() != 2
            || (weight->quantizer && weight->quantizer->scale && !weight->quantizer->scale->perTensor()))
            continue;
        TensorInfo turned = *weight->tensor;
        turned.strides = contiguousStrides(turned.shape);
        std::ranges::reverse(turned.strides);
        std::ranges::reverse(turned.shape);
        weight->shape = turned.shape;
        weight->tensor = std::make_shared<const TensorInfo>(std::move(turned));
    }
    return network;
}

} // namespace

/// What an export beside a checkpoint tells: which of its layers are which, and the whole recipe.
class TestFieldBeside : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A recipe that is given wins; the export confirms it under its own names.
    void namesThatDoNotMeet()
    {
        const auto network = openNetwork(field("renamed.pt"));
        QVERIFY(network);
        const std::string expected = test::golden(field("renamed.expect.json"))["export"];
        QCOMPARE(textOf(*network, "export-agrees"), "renamed_qonnx.onnx " + expected);
        QCOMPARE(network->confirmedBy, std::string("renamed_qonnx.onnx"));
        QCOMPARE(textOf(*network, "export-unused") + textOf(*network, "export-differs"), std::string());
        QVERIFY(network->recipe.takenFrom.empty());
    }

    /// Hand-worked: both weights are 4-bit abs-max over 7, and the export says so in 2^-2 and 2^-1.
    void aRecipeIsTaken()
    {
        QTemporaryDir folder;
        const fs::path model = folder.filePath("renamed.pt").toStdString();
        copyTo(field("renamed.pt"), model);
        copyTo(field("renamed_qonnx.onnx"), folder.filePath("renamed_qonnx.onnx").toStdString());
        const auto network = openNetwork(model.string());
        QVERIFY(network);
        QCOMPARE(network->recipe.takenFrom, std::string("renamed_qonnx.onnx"));
        QVERIFY(textOf(*network, "recipe-taken")
                    .starts_with("the recipe is taken from renamed_qonnx.onnx beside the file: 2 of 2 quantizers"));
        QCOMPARE(textOf(*network, "preset-assumed"), std::string());
        for (const auto &[layer, scale] : {std::pair("features.0", 0.25f), std::pair("classifier", 0.5f)}) {
            const SlotQuantizer *weight = network->layer(layer)->slot(Slot::Weight);
            QVERIFY(!weight->assumed && !weight->presetAssumed);
            QCOMPARE(weight->quantizer->scale->values, std::vector<float>{scale});
            QCOMPARE(weight->quantizer->bitWidth, std::optional(4));
            const Provenance &bits = weight->quantizer->origin.at("bit_width");
            QVERIFY(bits.origin == Origin::Preset);
            QVERIFY2(bits.detail.ends_with("confirmed by renamed_qonnx.onnx"), bits.detail.c_str());
        }
        // Saved, it is a recipe like any other and gives the same.
        const std::string text = recipeToml(*network);
        const auto saved = parseRecipe(text, "saved.toml");
        QVERIFY2(saved && text.find("Taken from renamed_qonnx.onnx") != std::string::npos, text.c_str());
        const auto again = recoverQuantizers(network->file, *saved);
        for (const Layer &layer : network->layers)
            QVERIFY(again->layer(layer.name)->slot(Slot::Weight)->quantizer->scale
                == layer.slot(Slot::Weight)->quantizer->scale);
    }

    void corpus_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QStringList>("dialects");
        QTest::addColumn<int>("right");
        const auto row = [](const char *version, int qonnx, int qcdq, int both) {
            QTest::addRow("%s QONNX", version) << version << QStringList{"qonnx"} << qonnx;
            QTest::addRow("%s QCDQ", version) << version << QStringList{"qcdq"} << qcdq; // without the biases' widths
            QTest::addRow("%s both", version) << version << QStringList{"qonnx", "qcdq"} << both;
        };
        row("0.7.1", 87, 0, 87);
        row("0.9.1", 365, 237, 366);
        row("0.10.2", 376, 265, 377);
        row("0.12.1", 174, 268, 342); // its QONNX does not tell how weights are rounded
    }

    /// Every checkpoint that Brevitas wrote, without its recipe and with its exports: what is shown as certain is what
    /// Brevitas computed.
    void corpus()
    {
        QFETCH(QString, version);
        QFETCH(QStringList, dialects);
        QFETCH(int, right);
        QTemporaryDir folder;
        Tally tally;
        for (const auto &entry : fs::directory_iterator(test::data("brevitas/" + version.toStdString()))) {
            const fs::path &path = entry.path();
            if (path.extension() != ".json" || path.stem() == "MANIFEST")
                continue;
            const json golden = test::golden(path.string());
            const auto model = layOut(path, golden, dialects, folder);
            if (!model)
                continue;
            const auto network = openNetwork(*model);
            QVERIFY2(network, path.c_str());
            for (const json &layer : golden["layers"])
                for (const auto &[slot, quantizer] : layer["quantizers"].items()) {
                    const std::string name = layer["name"];
                    const Layer *found = network->layer(name);
                    if (quantizer.is_object() && quantizer.value("enabled", false))
                        count(quantizer, found == nullptr ? nullptr : found->slot(std::string_view(slot)),
                            path.stem().string() + " " + name + " " + slot, tally);
                }
        }
        qInfo("%d right, %d assumed, %d unknown, %d wrong", tally.right, tally.assumed, tally.unknown, tally.wrong);
        QCOMPARE(tally.wrongs, QStringList());
        QVERIFY2(tally.right >= right, qPrintable(QString::number(tally.right)));
    }

    /// The same exports under the names of a clean-up: each layer gets its own name back, or none.
    void renamedCorpus()
    {
        int found = 0, all = 0;
        QStringList wrong;
        for (const auto &entry : fs::directory_iterator(test::data("brevitas/0.10.2"))) {
            const fs::path &path = entry.path();
            const fs::path exportPath = path.parent_path() / (path.stem().string() + ".qonnx.onnx");
            if (path.extension() != ".json" || !fs::exists(exportPath))
                continue;
            const json golden = test::golden(path.string());
            const auto file
                = openModel((path.parent_path() / golden["files"]["state_dict"].get<std::string>()).string());
            const auto exported = recoverQuantizers(*openModel(exportPath.string()));
            QVERIFY(file && exported);
            const Network listed = listLayers(*file);
            const MatchedExport matched = matchExport(listed, cleanedUp(*exported));
            for (std::size_t i = 0; i < exported->layers.size(); ++i) {
                const Layer &before = exported->layers[i], &after = matched.network.layers[i];
                const bool known = listed.layer(before.name) != nullptr && before.slot(Slot::Weight) != nullptr;
                all += known ? 1 : 0;
                if (listed.layer(after.name) == nullptr)
                    continue;
                found += known ? 1 : 0;
                if (after.name != before.name)
                    wrong << QString::fromStdString(path.stem().string() + ": " + before.name + " as " + after.name);
            }
        }
        qInfo("%d of %d layers with weights found", found, all);
        QCOMPARE(wrong, QStringList());
        QVERIFY(found * 10 >= all * 7); // the others have fewer than sixteen elements, or two layers are alike
    }

    /// The same layers by name, other weights: nothing of it is taken, and that is said.
    void anotherNetworkTellsNothing()
    {
        QTemporaryDir folder;
        const fs::path model = folder.filePath("m.pt").toStdString();
        copyTo(test::sample("digits_fixed.pt"), model);
        const auto alone = openNetwork(model.string());
        copyTo(field("renamed_qonnx.onnx"), folder.filePath("m_qonnx.onnx").toStdString());
        const auto beside = openNetwork(model.string());
        QVERIFY(alone && beside);
        QVERIFY(beside->recipe.takenFrom.empty() && beside->confirmedBy.empty());
        QVERIFY(!textOf(*beside, "export-unused").empty());
        for (const Layer &layer : alone->layers)
            for (const SlotQuantizer &slot : layer.slots)
                QVERIFY(beside->layer(layer.name)->slot(slot.slot)->quantizer == slot.quantizer);
    }

    /// Activations that agree with an export whose weights all differ are confirmed by chance: they stay assumed.
    void anotherTrainingConfirmsNothing()
    {
        const std::string path = test::sample("digits_fixed.pt");
        Recipe recipe = *loadRecipe(test::sample("digits_fixed.recipe.toml"));
        for (RecipeQuantizer &entry : recipe.quantizers)
            entry.assumed = true;
        const auto model = OpenedModel(*openModel(path), recipe).withExports();
        QVERIFY(model);
        const auto assumed = [](const Network &network) { return network.layer("relu1")->slot(Slot::Act)->assumed; };
        QVERIFY(!assumed(*model->network())); // the export confirms what nobody else did
        RecipeQuantizer &wrong = recipe.quantizers.emplace_back();
        wrong.slot = Slot::Weight;
        wrong.overrides = {{"bit_width", "3"}};
        wrong.number = 99;
        const auto network = model->network(recipe, {}, nullptr);
        QVERIFY(network && assumed(*network));
    }

    /// An edit of a taken recipe is an edit: the slot is the user's word, and the export differs there.
    void anEditOfATakenRecipe()
    {
        QTemporaryDir folder;
        const fs::path path = folder.filePath("m.pt").toStdString();
        copyTo(test::sample("digits_fixed.pt"), path);
        copyTo(test::sample("digits_fixed_qonnx.onnx"), folder.filePath("m_qonnx.onnx").toStdString());
        const auto model = OpenedModel::open(path.string(), {}).and_then([](const OpenedModel &opened) {
            return opened.withExports();
        });
        QVERIFY(model && !model->recipe().takenFrom.empty());
        const auto before = model->network();
        QVERIFY(before);
        QCOMPARE(before->confirmedBy, std::string("m_qonnx.onnx"));
        const Recipe edit = withChoice(model->recipe(), {"conv2", Slot::Weight, {}, {{"bit_width", "5"}}});
        const auto edited = model->network(edit, {}, &*before);
        QVERIFY(edited && edited->confirmedBy.empty());
        QVERIFY(textOf(*edited, "export-differs").find("conv2 weight") != std::string::npos);
        QCOMPARE(edited->layer("conv2")->slot(Slot::Weight)->quantizer->bitWidth, std::optional(5));
        const auto undone = model->network(model->recipe(), {}, &*edited);
        QVERIFY(undone);
        QCOMPARE(undone->confirmedBy, std::string("m_qonnx.onnx"));
        for (const Layer &layer : before->layers)
            for (const SlotQuantizer &slot : layer.slots)
                QVERIFY2(undone->layer(layer.name)->slot(slot.slot)->quantizer == slot.quantizer, layer.name.c_str());
    }

    /// Without anything beside it wanted, nothing is taken.
    void noneIsNone()
    {
        const auto model = OpenedModel::open(field("renamed.pt"), {.path = {}, .beside = false})
                               .and_then([](const OpenedModel &opened) { return opened.withExports(); });
        QVERIFY(model && model->recipe().empty());
    }
};

QTEST_GUILESS_MAIN(TestFieldBeside)
#include "tst_field_beside.moc"
