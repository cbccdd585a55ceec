#include "network/feeds.h"
#include "open/match_export.h"
#include "open/open_network.h"
#include "support/golden.h"
#include "support/onnx_network.h"
#include "support/opened.h"
#include "support/paths.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include <QDir>
#include <QTemporaryDir>

using namespace quantscope;
using nlohmann::json;

namespace {

std::vector<float> numbers(const json &value)
{
    return value.is_array() ? value.get<std::vector<float>>() : std::vector<float>{value.get<float>()};
}

/// Equal, or one of them is one value that the other repeats.
bool same(const std::vector<float> &a, const std::vector<float> &b)
{
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
        if ((i >= a.size() && a.size() != 1) || (i >= b.size() && b.size() != 1)
            || a[a.size() == 1 ? 0 : i] != b[b.size() == 1 ? 0 : i])
            return false;
    return true;
}

bool isParameter(Slot slot) { return slot == Slot::Weight || slot == Slot::Bias; }

/// One golden quantizer of Brevitas against a slot of the archive, which does not keep the bits of a bias.
bool agrees(const json &golden, const std::string &slotName, const SlotQuantizer &slot, const std::string &codes)
{
    const Quantizer &q = *slot.quantizer;
    const bool bias = slotName == "bias";
    const bool parameter = slotName == "weight" || bias;
    if (parameter ? slotName != slotNames()[static_cast<std::size_t>(slot.slot)] : isParameter(slot.slot))
        return false;
    if (!bias && q.wordBits() != golden["bit_width"].get<int>()
        && golden.value("qcdq_container_bits", 0) != q.wordBits())
        return false;
    if (q.isSigned != golden["signed"].get<bool>() || !same(test::hexFloats(golden["scale"]["values"]), q.scale->values)
        || !same(test::hexFloats(golden["zero_point"]["values"]), q.zeroPoint->values))
        return false;
    if (!bias && !golden["narrow"].is_null() && q.narrow != golden["narrow"].get<bool>())
        return false;
    const json hash = golden.value("codes_sha256_i32", json());
    return !parameter || hash.is_null() || codes == hash.get<std::string>();
}

struct Found {
    const SlotQuantizer *slot;
    std::string codes;
    bool used = false;
};

std::vector<Found> quantizersOf(const Network &network)
{
    std::vector<Found> out;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (slot.quantizer)
                out.push_back({&slot, slot.tensor ? test::codesSha256(slot) : std::string()});
    return out;
}

/// The codes in the type that the golden names, hashed.
std::string codesIn(const SlotQuantizer &slot, const std::string &type)
{
    CodeReader reader(slot);
    std::vector<std::int64_t> codes(reader.count());
    reader.integers(0, codes);
    std::vector<std::byte> bytes;
    const std::size_t width = type.ends_with("32") ? 4 : 1;
    for (const std::int64_t code : codes)
        for (std::size_t i = 0; i < width; ++i)
            bytes.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(code) >> (8 * i)));
    return sha256(bytes);
}

/// The layer of that name; goldens name modules that do not exist by their variables.
const Layer *layerOf(const Network &network, const std::string &name)
{
    if (const Layer *found = network.layer(name))
        return found;
    const auto weighted
        = std::ranges::find_if(network.layers, [](const Layer &layer) { return layer.slot(Slot::Weight) != nullptr; });
    return weighted == network.layers.end() ? nullptr : &*weighted;
}

} // namespace

/// Truth: what PyTorch and Brevitas themselves hold, in the goldens beside the archives.
class TestTorchscript : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void brevitas_data()
    {
        QTest::addColumn<QString>("version");
        for (const char *version : {"0.9.1", "0.10.2", "0.12.1"})
            QTest::newRow(version) << version;
    }

    /// The archives have no names: each quantizer that Brevitas computed is one of the archive, and no other's.
    void brevitas()
    {
        QFETCH(QString, version);
        const QDir folder(QString::fromStdString(test::data("brevitas")) + "/" + version);
        int files = 0, equal = 0;
        QStringList wrong;
        for (const QString &name : folder.entryList({"*.json"}, QDir::Files)) {
            const json golden = test::golden(folder.filePath(name).toStdString());
            if (!golden.contains("layers") || !golden["files"].contains("torch_qcdq"))
                continue;
            const Network network
                = test::opened(folder.filePath(QString::fromStdString(golden["files"]["torch_qcdq"].get<std::string>()))
                                   .toStdString());
            QCOMPARE(network.dialect, Dialect::TorchScript);
            ++files;
            std::vector<Found> found = quantizersOf(network);
            for (const json &layer : golden["layers"])
                for (const auto &[slot, want] : layer["quantizers"].items()) {
                    // A truncation is computed from a logarithm in the archive, whose last bit is open.
                    if (!want.value("enabled", false) || !want.contains("bit_width") || slot == "trunc")
                        continue;
                    const auto match = std::ranges::find_if(
                        found, [&](const Found &one) { return !one.used && agrees(want, slot, *one.slot, one.codes); });
                    if (match == found.end()) {
                        wrong << QString("%1 %2:%3")
                                     .arg(name)
                                     .arg(QString::fromStdString(layer["name"].get<std::string>()),
                                         QString::fromStdString(slot));
                    } else {
                        match->used = true;
                        ++equal;
                    }
                }
        }
        qInfo("Brevitas %s: %d archives, %d quantizers equal", qPrintable(version), files, equal);
        QCOMPARE(wrong, QStringList());
        QVERIFY(files > 30 && equal > 200);
    }

    void layersAreCalledByTheirOrder()
    {
        const Network network = test::opened(test::data("brevitas/0.12.1/io_quant.qcdq.ts.pt"));
        QStringList names;
        for (const Layer &layer : network.layers)
            names << QString::fromStdString(layer.name + " " + layer.kind);
        QCOMPARE(names,
            (QStringList{"act_0 Identity", "conv_1 Conv2d", "act_2 Identity", "act_3 Identity", "linear_4 Linear",
                "act_5 Identity"}));
        QCOMPARE(fedByNames(network, network.layer("conv_1")->id), (std::vector<std::string>{"act_0"}));
        QCOMPARE(fedByNames(network, network.layer("linear_4")->id), (std::vector<std::string>{"act_3"}));
    }

    void goldens_data()
    {
        QTest::addColumn<QString>("name");
        const QDir folder(QString::fromStdString(test::data("torch/ts")));
        for (const QString &name : folder.entryList({"*.golden.json"}, QDir::Files))
            QTest::newRow(qPrintable(name.chopped(12))) << name.chopped(12);
    }

    void goldens()
    {
        QFETCH(QString, name);
        const std::string path = test::data("torch/ts/" + name.toStdString());
        const json golden = test::golden(path + ".golden.json");
        const Network network = test::opened(path);
        QCOMPARE(network.dialect, Dialect::TorchScript);
        if (name.contains("_frozen")) { // the codes were folded into floats when it was frozen
            QVERIFY(!network.layer("conv_1")->slot(Slot::Weight)->quantizer);
            return;
        }
        for (const json &want : golden.value("layers", json::array())) {
            if (want.contains("cell_state_len"))
                continue;
            const Layer *layer = layerOf(network, want["name"]);
            QVERIFY2(layer, want["name"].get<std::string>().c_str());
            compareWeight(*layer, want["weight"]);
            compareBias(*layer, want.value("bias", json()));
            if (want.contains("out_scale"))
                compareActivation(*layer->slot(Slot::Output), want["out_scale"], want["out_zero_point"], 8, false);
            compareActivations(network, want);
        }
        if (golden.contains("in_scale"))
            compareActivation(
                *network.layer("quant")->slot(Slot::Act), golden["in_scale"], golden["in_zero_point"], 8, false);
    }

    void made_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
            {"residual", "residual_frozen", "trained", "cells", "cells_state", "switched_on", "signed", "signed_sums",
                "float_zeros", "older", "norms", "grouped_frozen", "dequantized_frozen", "whole", "reference_state"})
            QTest::newRow(name) << name;
    }

    void made()
    {
        QFETCH(QString, name);
        const json expect = test::golden(test::data("torchscript/expect.json"))[name.toStdString()];
        const Network network = test::opened(test::data("torchscript/" + name.toStdString() + ".pt"));
        QVERIFY(!expect.empty());
        for (const auto &[layerName, slots] : expect.items())
            for (const auto &[slotName, want] : slots.items()) {
                const std::string label = layerName + " " + slotName;
                const Layer *layer = network.layer(layerName);
                const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(slotName);
                QVERIFY2(slot != nullptr && slot->quantizer, label.c_str());
                if (slotName != "weight") {
                    compareActivation(*slot, want["scale"], want["zero_point"], 8, want.value("signed", false));
                    QVERIFY2(!slot->assumed || network.dialect == Dialect::TorchAo, label.c_str());
                    continue;
                }
                QVERIFY2(same(slot->quantizer->scale->values, numbers(want["scales"])), label.c_str());
                QCOMPARE(QString::fromStdString(test::codesSha256(*slot)),
                    QString::fromStdString(want["codes_sha256_i32"].get<std::string>()));
            }
    }

    void switchedOff()
    {
        const Network network = test::opened(test::data("torchscript/switched_off.pt"));
        QVERIFY(!network.layer("lin")->slot(Slot::Weight)->quantizer);
        const auto said
            = std::ranges::find(network.diagnostics, std::string("quantizer-not-constant"), &Diagnostic::rule);
        QVERIFY(said != network.diagnostics.end());
        QCOMPARE(said->text,
            std::string("The quantizer of lin (weight) is not known: fake_quantize_per_tensor_affine node fake.X3 is "
                        "switched off in this file."));
    }

    /// torch.ao keeps the cells of a recurrent layer apart; truth: the state_dict of such a model.
    void recurrentCells()
    {
        const Network network = test::opened(test::data("torch/ts/dynamic_onednn.pt"));
        const Network state = test::opened(test::data("torch/qsd/dynamic_lstm.pt"));
        QStringList here, there;
        for (const auto &[from, to] : {std::pair{&network, &here}, std::pair{&state, &there}})
            for (const Layer &layer : from->layers)
                *to << QString::fromStdString(
                    layer.name + " " + layer.kind + " " + test::codesSha256(*layer.slot(Slot::Weight)));
        QCOMPARE(here, there);
        QCOMPARE(here.size(), 9);
    }

    void modulesFeedEachOther()
    {
        const Network network = test::opened(test::data("torch/ts/static_onednn_fbgemm.pt"));
        const auto fed = [&](const char *name) { return fedByNames(network, network.layer(name)->id); };
        QCOMPARE(fed("conv1"), (std::vector<std::string>{"quant"}));
        QCOMPARE(fed("conv2"), (std::vector<std::string>{"conv1"}));
        QCOMPARE(fed("fc"), (std::vector<std::string>{"conv2"}));
        QCOMPARE(network.layer("conv2")->groups, 2);
        const Network fx = test::opened(test::data("torch/ts/fx_static.pt"));
        QCOMPARE(fx.layers.size(), std::size_t(3));
        QVERIFY(fx.layer("conv1")->slot(Slot::Input)->quantizer);
    }

    /// Beside its checkpoint an archive takes the checkpoint's names, and says as much as an ONNX export.
    void confirmsACheckpoint()
    {
        QTemporaryDir folder;
        const std::string model = folder.filePath("io_quant.pt").toStdString();
        std::filesystem::copy_file(test::data("brevitas/0.12.1/io_quant.pt"), model);
        std::filesystem::copy_file(
            test::data("brevitas/0.12.1/io_quant.qcdq.ts.pt"), folder.filePath("io_quant.qcdq.ts.pt").toStdString());
        const auto network = openNetwork(model);
        QVERIFY(network);
        const auto said = std::ranges::find_if(network->diagnostics,
            [](const Diagnostic &d) { return d.rule == "export-agrees" || d.rule == "recipe-confirmed"; });
        QStringList all;
        for (const Diagnostic &d : network->diagnostics)
            all << QString::fromStdString(d.rule + ": " + d.text);
        QVERIFY2(said != network->diagnostics.end(), qPrintable(all.join("\n")));
        QVERIFY2(said->text.find("io_quant.qcdq.ts.pt") != std::string::npos, said->text.c_str());
        const json golden = test::golden(test::data("brevitas/0.12.1/io_quant.json"));
        for (const json &layer : golden["layers"])
            if (const json want = layer["quantizers"].value("weight", json()); want.value("enabled", false)) {
                const SlotQuantizer *slot = network->layer(layer["name"].get<std::string>())->slot(Slot::Weight);
                QCOMPARE(test::codesSha256(*slot), want["codes_sha256_i32"].get<std::string>());
            }
    }

private:
    void compareWeight(const Layer &layer, const json &want)
    {
        const SlotQuantizer *slot = layer.slot(Slot::Weight);
        QVERIFY(slot && slot->quantizer);
        const Quantizer &q = *slot->quantizer;
        const json quant = want.value("quant", want);
        QVERIFY(same(q.scale->values, numbers(quant.contains("scales") ? quant["scales"] : quant["scale"])));
        if (quant.contains("zero_points") || quant.contains("zero_point"))
            QVERIFY(same(q.zeroPoint->values,
                numbers(quant.contains("zero_points") ? quant["zero_points"] : quant["zero_point"])));
        if (want.contains("shape"))
            QCOMPARE(slot->shape, want["shape"].get<Shape>());
        if (want.contains("bits"))
            QCOMPARE(q.bitWidth, std::optional(want["bits"].get<int>()));
        if (want.contains("narrow"))
            QCOMPARE(q.narrow, std::optional(want["narrow"].get<bool>()));
        for (const char *limits : {"qmin", "clamp"})
            if (want.contains(limits)) {
                const json low = want[limits].is_array() ? want[limits][0] : want[limits];
                const json high = want[limits].is_array() ? want[limits][1] : want["qmax"];
                QCOMPARE(codeRange(q).min, low.get<std::int64_t>());
                QCOMPARE(codeRange(q).max, high.get<std::int64_t>());
            }
        for (const char *hash : {"sha256", "codes_sha256"})
            if (want.contains(hash))
                QCOMPARE(codesIn(*slot, want["dtype"]), want[hash].get<std::string>());
    }

    void compareBias(const Layer &layer, const json &want)
    {
        if (!want.is_object())
            return;
        const SlotQuantizer *slot = layer.slot(Slot::Bias);
        QVERIFY(slot && slot->tensor);
        if (want.contains("sha256"))
            QCOMPARE(tensorSha256(*slot->tensor), want["sha256"].get<std::string>());
        if (want.contains("codes")) {
            QVERIFY(slot->quantizer);
            std::vector<std::int64_t> codes(slot->tensor->count());
            CodeReader(*slot).integers(0, codes);
            QCOMPARE(codes, want["codes"].get<std::vector<std::int64_t>>());
        }
    }

    void compareActivation(const SlotQuantizer &slot, const json &scale, const json &zeroPoint, int bits, bool isSigned)
    {
        QVERIFY(slot.quantizer);
        QCOMPARE(slot.quantizer->scale->values, std::vector<float>{scale.get<float>()});
        QCOMPARE(slot.quantizer->zeroPoint->values, std::vector<float>{zeroPoint.get<float>()});
        QCOMPARE(slot.quantizer->bitWidth, std::optional(bits));
        QCOMPARE(slot.quantizer->isSigned, std::optional(isSigned));
    }

    /// What quantizes before and behind a layer in archives that write it as operators.
    void compareActivations(const Network &network, const json &want)
    {
        for (const auto &[key, layer] : {std::pair{"inputs", "act_0"}, std::pair{"outputs", "act_2"}})
            if (want.contains(key)) {
                const json &one = want[key];
                const int bits = one.value("bits", 8);
                const bool isSigned = one.value("dtype", std::string("quint8")) == "qint8";
                compareActivation(
                    *network.layer(layer)->slot(Slot::Act), one["scale"], one["zero_point"], bits, isSigned);
            }
    }
};

QTEST_APPLESS_MAIN(TestTorchscript)
#include "tst_torchscript.moc"
