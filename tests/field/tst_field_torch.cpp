// The model has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "support/golden.h"
#include "support/inspected.h"
#include "support/paths.h"

#include <QtTest>

using namespace quantscope;
using nlohmann::json;
using quantscope::test::slotOf;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }

/// What torch 1.13 says of the files of field/torch.
const json &torchSays()
{
    static const json kExpected = test::golden(field("torch/expect.json"));
    return kExpected;
}

json inspected(const std::string &path, std::optional<std::string> recipe = {})
{
    auto network = openNetwork(path, recipe);
    if (!network)
        return network.error().text();
    const InspectOptions options{.hash = true, .list = false, .tensors = false};
    return json::parse(
        inspectJson(*inspect(std::make_shared<const Network>(std::move(*network)), options), options).dump());
}

QStringList layersOf(const json &document)
{
    QStringList out;
    for (const json &layer : document["layers"])
        out << QString::fromStdString(layer["name"]);
    return out;
}

/// "warning: text [rule]", of one rule or of all.
QStringList saidOf(const json &document, const std::string &rule)
{
    QStringList out;
    for (const json &d : document["diagnostics"])
        if (d["rule"] == rule)
            out << QString::fromStdString(d["severity"].get<std::string>() + ": " + d["text"].get<std::string>());
    return out;
}

double hex(const json &value) { return std::strtod(value.get<std::string>().c_str(), nullptr); }

/// LAYER and slot of "LAYER.weight".
std::pair<std::string, std::string> layerAndSlot(const std::string &name)
{
    const auto dot = name.rfind('.');
    return {name.substr(0, dot), name.substr(dot + 1)};
}

} // namespace

/// Checkpoints as torch's own tools leave them: pruned, normed, quantized by torch.ao; and what is in them beside.
class TestFieldTorch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every tensor of two or more axes is in a slot or is said not to be.
    void nothingIsSilent_data();
    void nothingIsSilent();
    void saidInstead_data();
    void saidInstead();

    void computedWeights_data();
    void computedWeights();
    void spectralNorm_data();
    void spectralNorm();
    void unknownParametrization();
    void prunedUnderItsRecipe();
    void recurrent();

    void staticLayers();
    void outputTypes();
    void codes_data();
    void codes();
    void fakeQuantizers_data();
    void fakeQuantizers();
    void batchNormInside();
    void nothingAssumed_data();
    void nothingAssumed();
    void recipeBeside();
};

void TestFieldTorch::nothingIsSilent_data()
{
    QTest::addColumn<std::string>("file");
    for (const std::string folder : {"field", "field/torch", "torch/zip", "torch/ts", "torch/qsd"})
        for (const QFileInfo &info : QDir(QString::fromStdString(test::data(folder))).entryInfoList({"*.pt", "*.pth"}))
            QTest::newRow(qPrintable(QString::fromStdString(folder) + "/" + info.fileName()))
                << info.filePath().toStdString();
}

void TestFieldTorch::nothingIsSilent()
{
    QFETCH(std::string, file);
    for (const bool listOnly : {true, false}) {
        const auto network = openNetwork(file, {}, listOnly);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        std::set<std::string> shown;
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                shown.insert(slot.tensorName);
                for (const std::size_t i : slot.sources)
                    shown.insert(network->file->tensors[i].name);
            }
        const bool silent = std::ranges::any_of(network->file->tensors,
            [&](const TensorInfo &tensor) { return tensor.shape.size() >= 2 && !shown.contains(tensor.name); });
        const bool said = std::ranges::any_of(
            network->diagnostics, [](const Diagnostic &d) { return d.rule == "not-shown" || d.rule == "no-tensors"; });
        QCOMPARE(said, silent || network->layers.empty());
    }
}

void TestFieldTorch::saidInstead_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QStringList>("layers");
    QTest::addColumn<QStringList>("said");
    QTest::newRow("no weight") << "no_layers.pt" << QStringList{}
                               << QStringList{
                                      "warning: no layer is listed: the file holds 5 tensors (iou.0 ...) and none "
                                      "is a weight; --tensors lists all"};
    QTest::newRow("matrices without a layer")
        << "torch/matrix_only.pt" << QStringList{}
        << QStringList{"warning: no layer is listed: the file holds 2 tensors (x ...) and none is a weight; --tensors "
                       "lists all"};
    QTest::newRow("beside a layer") << "torch/positional.pt" << QStringList{"fc"}
                                    << QStringList{"warning: 2 tensors belong to no layer that is known: pos_embed, "
                                                   "a\\x0ab; --tensors lists all"};
}

void TestFieldTorch::saidInstead()
{
    QFETCH(QString, file);
    QFETCH(QStringList, layers);
    QFETCH(QStringList, said);
    const json document = inspected(field(file.toStdString()));
    QCOMPARE(layersOf(document), layers);
    QCOMPARE(saidOf(document, "not-shown"), said);
}

void TestFieldTorch::computedWeights_data()
{
    QTest::addColumn<std::string>("file");
    QTest::addColumn<std::string>("tensor");
    QTest::addColumn<std::string>("sha");
    for (const auto &[file, says] : torchSays().items()) {
        const json weights = says.value("w", json::object());
        for (const auto &[tensor, sha] : weights.items())
            QTest::newRow((file + " " + tensor).c_str()) << file << tensor << sha.get<std::string>();
    }
}

void TestFieldTorch::computedWeights()
{
    QFETCH(std::string, file);
    QFETCH(std::string, tensor);
    QFETCH(std::string, sha);
    const auto network = openNetwork(field("torch/" + file + ".pt"));
    QVERIFY2(network, network ? "" : network.error().text().c_str());
    const auto [layer, slot] = layerAndSlot(tensor);
    QVERIFY2(network->layer(layer) != nullptr, layer.c_str());
    const SlotQuantizer *found = network->layer(layer)->slot(std::string_view(slot));
    QVERIFY(found != nullptr && found->tensor);
    QCOMPARE(tensorSha256(*found->tensor), sha);
    QVERIFY(found->tensorName.ends_with(tensor));
    if (tensor != "up.weight" || file.starts_with("w"))
        QVERIFY(!found->computed.empty());
}

void TestFieldTorch::spectralNorm_data()
{
    QTest::addColumn<std::string>("file");
    QTest::newRow("buffers") << std::string("spectral");
    QTest::newRow("parametrization") << std::string("spectral_param");
}

void TestFieldTorch::spectralNorm()
{
    QFETCH(std::string, file);
    const auto network = openNetwork(field("torch/" + file + ".pt"));
    QVERIFY(network);
    for (const auto &[tensor, values] : torchSays()[file]["close"].items()) {
        const SlotQuantizer *weight = network->layer(layerAndSlot(tensor).first)->slot(Slot::Weight);
        QVERIFY(weight != nullptr && weight->tensor);
        QVERIFY(weight->computed.ends_with("; its last bit depends on the order of addition"));
        const std::vector<float> floats = readFloats(*weight->tensor);
        for (std::size_t i = 0; i < values.size(); ++i)
            QVERIFY(std::fabs(static_cast<double>(floats[i]) - values[i].get<double>())
                <= 2e-6 * std::fabs(values[i].get<double>()));
    }
}

void TestFieldTorch::unknownParametrization()
{
    const json document = inspected(field("torch/unknown_param.pt"));
    for (const char *layer : {"conv", "fc"}) {
        const json weight = slotOf(document, layer);
        QCOMPARE(weight["tensor"].get<std::string>(), std::string(layer) + ".weight");
        for (const char *null : {"bit_width", "scale", "zero_point", "codes_min", "codes_sha256_i32"})
            QVERIFY2(weight[null].is_null(), null);
    }
    QVERIFY(slotOf(document, "conv2")["bit_width"] == 8);
    const QStringList said = saidOf(document, "tensor-unreadable");
    QCOMPARE(said.size(), 2);
    QVERIFY2(said.front().endsWith("is computed from conv.parametrizations.weight.original by code that is not in the "
                                   "file, so that it is not known"),
        qPrintable(said.front()));
}

void TestFieldTorch::prunedUnderItsRecipe()
{
    const json expected = test::golden(field("pruned.expect.json"));
    const json document = inspected(field("pruned.pt"));
    const json weight = slotOf(document, "conv");
    QCOMPARE(weight["bit_width"], expected["bit_width"]);
    QCOMPARE(static_cast<float>(hex(weight["scale"]["values"][0])), expected["scale"].get<float>());
    QCOMPARE(weight["codes_sha256_i32"], expected["codes_sha256_i32"]);
    QCOMPARE(weight["origin"]["tensor"], json("computed: conv.weight_orig * conv.weight_mask"));
    QCOMPARE(saidOf(document, "recipe-matches-nothing"), QStringList());
}

void TestFieldTorch::recurrent()
{
    const json document = inspected(field("torch/recurrent.pt"));
    const std::map<std::string, std::string> kinds{{"lstm.weight_ih_l0", "LSTM"}, {"lstm.weight_hh_l1_reverse", "LSTM"},
        {"gru.weight_hh_l0", "GRU"}, {"cell.weight_ih", "LSTMCell"}, {"rnn.weight_ih_l0", "RNN"},
        {"proj.weight_hr_l0", "LSTM"}, {"att.in_proj_weight", "MultiheadAttention"},
        {"att2.q_proj_weight", "MultiheadAttention"}, {"att.out_proj", "Linear"}};
    std::map<std::string, std::string> found;
    for (const json &layer : document["layers"])
        if (kinds.contains(layer["name"]))
            found[layer["name"]] = layer["kind"];
    QCOMPARE(found, kinds);
    QCOMPARE(slotOf(document, "lstm.weight_hh_l0", "bias")["tensor"].get<std::string>(), "lstm.bias_hh_l0");
    QCOMPARE(slotOf(document, "att.in_proj_weight", "bias")["tensor"].get<std::string>(), "att.in_proj_bias");
    QCOMPARE(saidOf(document, "not-shown"), QStringList());
}

void TestFieldTorch::staticLayers()
{
    const json expected = test::golden(field("ao_static.expect.json"));
    const json document = inspected(field("ao_static.pth"));
    QCOMPARE(document["dialect"].get<std::string>(), "torch.ao state_dict");
    QCOMPARE(layersOf(document), QStringList({"quant", "conv", "fc"}));
    for (const std::string layer : {"conv", "fc"})
        QCOMPARE(slotOf(document, layer)["codes_sha256_i32"], expected[layer + "_codes_sha256_i32"]);
    const json weight = slotOf(document, "fc");
    QCOMPARE(static_cast<float>(hex(weight["scale"]["values"][0])), expected["fc_scale"].get<float>());
    QCOMPARE(hex(weight["zero_point"]["values"][0]), expected["fc_zero_point"].get<double>());
    QCOMPARE(slotOf(document, "fc", "bias")["shape"], json({5}));
    for (const auto &[layer, slot] :
        {std::pair{"quant", "act"}, std::pair{"conv", "output"}, std::pair{"fc", "output"}}) {
        const json output = slotOf(document, layer, slot);
        QCOMPARE(output["bit_width"], json(8));
        QCOMPARE(output["signed"], json(false));
        QVERIFY(output["origin"]["scale"].get<std::string>().starts_with("read: "));
    }
}

/// The zero point of an output is one of its codes: -86, -22, 137, 69, and 0 of a qint8 that nothing in the file tells.
void TestFieldTorch::outputTypes()
{
    const auto typeOf = [](const char *file, const char *layer, const char *slot) {
        const json output = slotOf(inspected(field(std::string("torch/") + file + ".pt")), layer, slot);
        return std::pair(output["signed"], output["assumed"]);
    };
    QVERIFY(typeOf("static_signed", "q", "act") == std::pair(json(true), json(false)));
    QVERIFY(typeOf("static_signed", "c", "output") == std::pair(json(true), json(false)));
    QVERIFY(typeOf("static_qnnpack", "quant", "act") == std::pair(json(false), json(false)));
    QVERIFY(typeOf("static_qnnpack", "skip", "act") == std::pair(json(false), json(true)));
    QVERIFY(typeOf("static_symmetric", "c", "output") == std::pair(json(false), json(true)));
}

void TestFieldTorch::codes_data()
{
    QTest::addColumn<std::string>("file");
    for (const auto &[file, says] : torchSays().items())
        if (says.contains("codes"))
            QTest::newRow(file.c_str()) << file;
}

void TestFieldTorch::codes()
{
    QFETCH(std::string, file);
    const json document = inspected(field("torch/" + file + ".pt"));
    for (const auto &[tensor, sha] : torchSays()[file]["codes"].items())
        QCOMPARE(slotOf(document, layerAndSlot(tensor).first)["codes_sha256_i32"], sha);
    QCOMPARE(saidOf(document, "not-shown"), QStringList());
}

void TestFieldTorch::fakeQuantizers_data()
{
    QTest::addColumn<std::string>("file");
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("activationBits");
    QTest::newRow("fbgemm, Python's observers") << std::string("qat0_fbgemm") << 8 << 7;
    QTest::newRow("fbgemm, fused") << std::string("qat1_fbgemm") << 8 << 7;
    QTest::newRow("fbgemm, with a batch norm") << std::string("qat_fbgemm") << 8 << 7;
    QTest::newRow("qnnpack, fused") << std::string("qat_qnnpack") << 8 << 8;
    QTest::newRow("four bits") << std::string("qat4") << 4 << 4;
}

void TestFieldTorch::fakeQuantizers()
{
    QFETCH(std::string, file);
    QFETCH(int, bits);
    QFETCH(int, activationBits);
    const json document = inspected(field("torch/" + file + ".pt"));
    for (const auto &[tensor, sha] : torchSays()[file]["values"].items()) {
        const json weight = slotOf(document, layerAndSlot(tensor).first);
        QCOMPARE(weight["bit_width"], json(bits));
        QCOMPARE(weight["signed"], json(true));
        QCOMPARE(weight["value_sha256"], sha);
    }
    for (const auto &[layer, slot] : {std::pair{"skip", "act"}, std::pair{"head.1", "output"}}) {
        QCOMPARE(slotOf(document, layer, slot)["bit_width"], json(activationBits));
        QCOMPARE(slotOf(document, layer, slot)["signed"], json(false));
    }
}

/// The factor of a fused batch norm is in the weight already.
void TestFieldTorch::batchNormInside()
{
    const auto file = openModel(field("torch/qat_fbgemm.pt"));
    const auto recipe = parseRecipe("[[layer]]\nmatch = \"features.0\"\nbatch_norm = \"features.0.bn\"\n", "r.toml");
    QVERIFY(file && recipe);
    QCOMPARE(recoverQuantizers(*file, {})->layer("features.0")->batchNorm, std::string());
    const auto merged = recoverQuantizers(*file, *recipe);
    QVERIFY(!merged);
    QCOMPARE(merged.error().message,
        std::string("batch_norm = \"features.0.bn\" (line 1): the weight of features.0 is shown with the factor of its "
                    "batch norm in it already"));
}

void TestFieldTorch::nothingAssumed_data()
{
    QTest::addColumn<std::string>("file");
    for (const char *file :
        {"dynamic", "dynamic_linear", "static_fbgemm", "ptq_prepared_fbgemm", "qat_fbgemm", "loose", "fx_fbgemm"})
        QTest::newRow(file) << std::string(file);
}

void TestFieldTorch::nothingAssumed()
{
    QFETCH(std::string, file);
    const json document = inspected(field("torch/" + file + ".pt"));
    QVERIFY(!layersOf(document).isEmpty());
    for (const json &layer : document["layers"])
        for (const json &slot : layer["quantizers"]) {
            QVERIFY(!slot.contains("preset"));
            const json &origin = slot["origin"];
            const bool said = std::ranges::any_of(
                origin, [](const json &text) { return text.get<std::string>().ends_with("is assumed"); });
            QCOMPARE(slot["assumed"], json(said));
        }
    QCOMPARE(saidOf(document, "preset-assumed"), QStringList());
}

void TestFieldTorch::recipeBeside()
{
    QTemporaryDir folder;
    const std::string path = folder.filePath("r.toml").toStdString();
    QFile file(QString::fromStdString(path));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFixedPoint\"\n");
    file.close();
    const json document = inspected(field("torch/dynamic_linear.pt"), path);
    QCOMPARE(slotOf(document, "fc")["codes_sha256_i32"], torchSays()["dynamic_linear"]["codes"]["fc.weight"]);
    QCOMPARE(slotOf(document, "conv")["preset"].get<std::string>(), "Int8WeightPerTensorFixedPoint");
    QCOMPARE(saidOf(document, "recipe-unused"),
        QStringList{"warning: the recipe speaks of a slot (fc weight), whose quantizers the file itself holds: what is "
                    "read stands"});
}

QTEST_GUILESS_MAIN(TestFieldTorch)
#include "tst_field_torch.moc"
