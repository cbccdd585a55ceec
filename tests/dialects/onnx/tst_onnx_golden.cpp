// The networks have members called slots.

#include "dialects/onnx/recover.h"
#include "network/feeds.h"
#include "support/golden.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

using namespace quantscope;

namespace {

std::size_t errors(const Network &network)
{
    return static_cast<std::size_t>(std::count_if(network.diagnostics.begin(), network.diagnostics.end(),
        [](const Diagnostic &d) { return d.severity == Severity::Error; }));
}

bool hasRule(const Network &network, const std::string &rule)
{
    return std::any_of(
        network.diagnostics.begin(), network.diagnostics.end(), [&](const Diagnostic &d) { return d.rule == rule; });
}

std::string diagnosticText(const Network &network)
{
    std::string out;
    for (const Diagnostic &d : network.diagnostics)
        out += d.rule + ": " + d.text + "\n";
    return out;
}

/// The goldens keep a node's raw name: "/l4/MatMul" is the layer "l4", "/inp/act_quant/export_handler/Quant" is "inp".
std::string layerName(std::string golden, const std::string &op)
{
    if (golden.empty() || golden[0] != '/')
        return golden;
    golden.erase(0, 1);
    if (const std::size_t mark = golden.find("/act_quant"); mark != std::string::npos)
        return golden.substr(0, mark);
    const std::string tail = "/" + op;
    if (golden.size() > tail.size() && golden.compare(golden.size() - tail.size(), tail.size(), tail) == 0)
        golden.resize(golden.size() - tail.size());
    return golden;
}

/// Every value of a golden quantizer, as text; empty when all agree.
std::string compare(const nlohmann::json &golden, const Quantizer &q)
{
    std::string out;
    const auto differ = [&](const std::string &what) { out += what + " "; };
    const bool containerOnly = golden["bits"] == 32;
    if (containerOnly ? q.bitWidth.has_value() || q.storageBits != golden["bits"].get<int>()
                      : q.bitWidth != golden["bits"].get<int>())
        differ("bits");
    if (q.isSigned != golden["signed"].get<bool>())
        differ("signed");
    if (q.narrow != golden["narrow"].get<bool>())
        differ("narrow");
    const std::string kind = golden["kind"] == "bipolar" ? "binary" : golden["kind"].get<std::string>();
    if (quantizerKindName(q.kind) != kind)
        differ("kind");
    std::vector<float> scale;
    for (const auto &value : golden["scale"])
        scale.push_back(value.get<float>());
    if (q.scale->values != scale)
        differ("scale");
    if (scale.size() > 1 && (!q.scale->axis || *q.scale->axis != golden["axis"].get<int>()))
        differ("axis");
    if (!golden["block"].is_null() && q.blockSize != golden["block"].get<int>())
        differ("block");
    for (std::size_t i = 0; i < golden["zero_point"].size(); ++i)
        if (q.zeroPoint->values[q.zeroPoint->perTensor() ? 0 : i] != golden["zero_point"][i].get<float>())
            differ("zero_point");
    return out;
}

} // namespace

class TestOnnxGolden : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void files_data()
    {
        QTest::addColumn<QString>("text");
        const nlohmann::json golden = test::golden(test::data("onnx/golden.json"));
        QVERIFY(golden.contains("files"));
        for (const auto &file : golden["files"])
            if (file["status"] != "error")
                QTest::newRow(file["file"].get<std::string>().c_str()) << QString::fromStdString(file.dump());
    }
    void files()
    {
        QFETCH(QString, text);
        const nlohmann::json golden = nlohmann::json::parse(text.toStdString());
        const std::string name = golden["file"].get<std::string>();
        const Network network = test::recoverOnnxFile(test::data("onnx/" + name));
        if (golden["status"] == "partial") {
            QVERIFY2(errors(network) >= 1, name.c_str());
            for (const Layer &layer : network.layers)
                for (const SlotQuantizer &slot : layer.slots)
                    QVERIFY2(!slot.quantizer, layer.name.c_str());
            return;
        }
        QVERIFY2(errors(network) == 0, diagnosticText(network).c_str());
        QVERIFY(!hasRule(network, "dialect-not-decoded"));
        QCOMPARE(hasRule(network, "scale-not-positive"), name.rfind("warn_scale", 0) == 0);
        for (const auto &layer : golden.value("layers", nlohmann::json::array()))
            compareLayer(network, layer);
    }

    void listReadsNoQuantizer()
    {
        const Network network = listOnnx(test::readOnnxFile(test::data("onnx/qonnx_basic.onnx")));
        const Layer *conv = network.layer("c1");
        QVERIFY(conv != nullptr);
        QCOMPARE(conv->kind, std::string("Conv2d"));
        QCOMPARE(conv->slot("weight")->shape, (Shape{4, 2, 3, 3}));
        QVERIFY(!conv->slot("weight")->quantizer);
        QCOMPARE(network.dialect, Dialect::Qonnx);
        QCOMPARE(fedByNames(network, conv->id), (std::vector<std::string>{"inp"}));
        QCOMPARE(network.layer("r1")->kind, std::string("ReLU"));
        QCOMPARE(fedByNames(network, network.layer("r1")->id), (std::vector<std::string>{"c1"}));
        QCOMPARE(feedsNames(network, network.layer("inp")->id), (std::vector<std::string>{"c1"}));
    }

    void dialects()
    {
        QCOMPARE(listOnnx(test::readOnnxFile(test::data("onnx/qcdq_low_bits.onnx"))).dialect, Dialect::Qcdq);
        QCOMPARE(listOnnx(test::readOnnxFile(test::data("onnx/qdq_per_axis.onnx"))).dialect, Dialect::Qdq);
        QCOMPARE(listOnnx(test::readOnnxFile(test::data("onnx/qop_qlinear.onnx"))).dialect, Dialect::QOperator);
    }

    /// Damage that a container survives must not get further than a diagnostic.
    void everyByteChanged_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"qonnx_basic.onnx", "qcdq_low_bits.onnx", "qdq_blocked_int4.onnx", "qdq_indirect.onnx",
                 "ms_matmulnbits.onnx", "ms_qoperators.onnx", "qop_dynamic.onnx", "finn_mvau.onnx",
                 "vai_fixneuron.onnx"})
            QTest::newRow(name) << name;
    }
    void everyByteChanged()
    {
        QFETCH(QString, name);
        const std::vector<std::byte> whole = test::bytesOf(test::data("onnx/" + name.toStdString()));
        QVERIFY(!whole.empty());
        for (std::size_t at = 0; at < whole.size(); ++at) {
            std::vector<std::byte> changed = whole;
            changed[at] ^= static_cast<std::byte>(at % 3 == 0 ? 0x01 : at % 3 == 1 ? 0x80 : 0x7F);
            try {
                const auto source = std::make_shared<MemorySource>(std::move(changed));
                const auto file = std::make_shared<ModelFile>(readOnnx({source, "memory", {}, {}}));
                Network network = listOnnx(file);
                recoverOnnx(network, {});
                for (const Layer &layer : network.layers)
                    for (const SlotQuantizer &slot : layer.slots)
                        if (slot.tensor && slot.quantizer && slot.quantizer->isComplete()
                            && elementCount(slot.tensor->shape) < 100000)
                            test::codesSha256(slot);
            } catch (const ParseError &) {
            }
        }
    }

private:
    void compareLayer(const Network &network, const nlohmann::json &golden)
    {
        const std::string name = layerName(golden["name"].get<std::string>(), golden["op"].get<std::string>());
        const Layer *layer = network.layer(name);
        QVERIFY2(layer != nullptr, name.c_str());
        for (const auto &[key, slotName] : {std::pair("weight", "weight"), std::pair("bias", "bias"),
                 std::pair("input", "input"), std::pair("output", "output"), std::pair("activation", "act")}) {
            if (!golden.contains(key)) {
                QVERIFY2(network.dialect != Dialect::QOperator || layer->slot(slotName) == nullptr, name.c_str());
                continue;
            }
            const bool activation = !golden[key].contains("quant");
            const SlotQuantizer *slot = layer->slot(slotName);
            QVERIFY2(slot != nullptr, name.c_str());
            QVERIFY2(slot->quantizer.has_value(), diagnosticText(network).c_str());
            const nlohmann::json &quant = activation ? golden[key] : golden[key]["quant"];
            QCOMPARE(compare(quant, *slot->quantizer), std::string());
            if (!activation)
                QCOMPARE(test::codesSha256(*slot), golden[key]["codes"]["sha256"].get<std::string>());
            for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow"})
                QVERIFY2(slot->quantizer->origin.count(field) == 1
                        || (std::string(field) == "bit_width" && !slot->quantizer->bitWidth)
                        || (std::string(field) == "narrow" && !slot->quantizer->narrow),
                    field);
            QVERIFY(!slot->formula.empty());
        }
        if (golden.contains("values")) { // of a minifloat's bit patterns, before the scale
            CodeReader reader(*layer->slot("weight"));
            std::vector<float> values(reader.count());
            reader.values(0, values);
            for (std::size_t i = 0; i < values.size(); ++i) {
                const auto &want = golden["values"][i];
                const float scaled
                    = (want.is_number() ? want.get<float>()
                                        : static_cast<float>(std::strtod(want.get<std::string>().c_str(), nullptr)))
                    * layer->slot("weight")->quantizer->scale->values[0];
                QVERIFY2(values[i] == scaled || (std::isnan(values[i]) && std::isnan(scaled)), name.c_str());
            }
        }
        if (golden.contains("weight_codes"))
            QCOMPARE(test::codesSha256(*layer->slot("weight")), golden["weight_codes"]["sha256"].get<std::string>());
        if (golden.contains("thresholds"))
            compareThresholds(golden["thresholds"], *layer);
        if (golden.contains("dtypes"))
            compareDatatypes(golden["dtypes"], *layer);
        if (golden.contains("trunc")) {
            const Quantizer &q = *layer->slot("trunc")->quantizer;
            QCOMPARE(*q.bitWidth, golden["trunc"]["out_bits"].get<int>());
            const auto &scale
                = golden["trunc"]["out_scale"].is_null() ? golden["trunc"]["scale"] : golden["trunc"]["out_scale"];
            QCOMPARE(q.scale->values[0], scale.get<float>());
            QCOMPARE(std::string(roundingName(q.rounding)), golden["trunc"]["rounding"].get<std::string>());
        }
    }

    void compareThresholds(const nlohmann::json &golden, const Layer &layer)
    {
        const SlotQuantizer *act = layer.slot("act");
        QVERIFY(act != nullptr && act->quantizer);
        const Quantizer &q = *act->quantizer;
        QCOMPARE(layer.kind, std::string("MultiThreshold"));
        QCOMPARE(golden["out_dtype"].get<std::string>(), fmt::format("UINT{}", *q.bitWidth)); // all goldens have it
        QCOMPARE(*q.isSigned, false);
        QCOMPARE(q.scale->values[0], golden["out_scale"].get<float>());
        QCOMPARE(-q.zeroPoint->values[0] * q.scale->values[0], golden["out_bias"].get<float>());
        QCOMPARE(act->formula.substr(act->formula.rfind('\n') + 1),
            fmt::format("thresholds t: {} a channel, '{}_param0' of {} channels", golden["steps"].get<int>(),
                layer.name, golden["shape"][0].get<int>()));
    }

    void compareDatatypes(const nlohmann::json &golden, const Layer &layer)
    {
        const auto typeOf = [&](Slot slot) {
            const Quantizer &q = *layer.slot(slot)->quantizer;
            return fmt::format("{}INT{}", *q.isSigned ? "" : "U", *q.bitWidth);
        };
        QCOMPARE(typeOf(Slot::Input), golden["inputDataType"].get<std::string>());
        QCOMPARE(typeOf(Slot::Weight), golden["weightDataType"].get<std::string>());
        QCOMPARE(typeOf(Slot::Output), golden["outputDataType"].get<std::string>());
        QVERIFY(layer.slot(Slot::Weight)->formula.ends_with("accDataType " + golden["accDataType"].get<std::string>()));
        QCOMPARE(fmt::format("INT{}", layer.slot(Slot::Weight)->accumulatorBits.value_or(0)),
            golden["accDataType"].get<std::string>());
    }
};

QTEST_APPLESS_MAIN(TestOnnxGolden)
#include "tst_onnx_golden.moc"
