// The networks have members called slots.

#include "dialects/interpret.h"
#include "export/export_array.h"
#include "network/axes.h"
#include "support/golden.h"
#include "support/onnx_network.h"
#include "support/opened.h"
#include "support/paths.h"

#include <QtTest>

#include <algorithm>

using namespace quantscope;
using nlohmann::json;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }

Network opened(const std::string &name) { return test::opened(field(name)); }

std::string textOf(const Network &network)
{
    std::string out;
    for (const Diagnostic &d : network.diagnostics)
        out += std::string(severityName(d.severity)) + " " + d.rule + ": " + d.text + "\n";
    return out;
}

bool says(const Network &network, const std::string &text) { return textOf(network).find(text) != std::string::npos; }

const SlotQuantizer *slotOf(const Network &network, const std::string &layer, const std::string &slot = "weight")
{
    const Layer *found = network.layer(layer);
    return found == nullptr ? nullptr : found->slot(slot);
}

std::string words(const Layer &layer, const SlotQuantizer &slot)
{
    std::string out;
    for (const std::string &name : axisNames(layer, slot))
        out += (out.empty() ? "" : " ") + name;
    return out;
}

} // namespace

/// What public ONNX graphs showed: quantizers of other domains and of ordinary operators, and what is not known.
class TestFieldOnnx : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void quantizeLinearOfOnnxRuntime()
    {
        const json expect = test::golden(field("ms_quantize_linear.expect.json"));
        const Network network = opened("ms_quantize_linear.onnx");
        const SlotQuantizer *weight = slotOf(network, expect["layer"].get<std::string>());
        QVERIFY(weight != nullptr && weight->quantizer);
        QCOMPARE(*weight->quantizer->bitWidth, expect["bits"].get<int>());
        QCOMPARE(weight->quantizer->scale->values[0], expect["scale"].get<float>());
        QCOMPARE(test::codesSha256(*weight), expect["codes_sha256_i32"].get<std::string>());
    }

    /// The operators of Vitis AI compute what ONNX' do.
    void quantizersOfVitis()
    {
        const json expect = test::golden(field("unknown_quantizer.expect.json"));
        const Network network = opened("unknown_quantizer.onnx");
        QCOMPARE(network.layers.size(), std::size_t{2});
        const SlotQuantizer *weight = slotOf(network, "conv1");
        QVERIFY(weight != nullptr && weight->quantizer && slotOf(network, "conv2")->quantizer);
        QCOMPARE(*weight->quantizer->bitWidth, 8);
        QCOMPARE(weight->quantizer->scale->values[0], 0x1p-6f);
        QCOMPARE(test::codesSha256(*weight), expect["conv1_codes_sha256_i32"].get<std::string>());
    }

    void fakeQuantizationOfOperators()
    {
        const json expect = test::golden(field("decomposed.expect.json"));
        const Network network = opened("decomposed.onnx");
        const SlotQuantizer *weight = slotOf(network, "fc");
        QVERIFY(weight != nullptr && weight->quantizer);
        QCOMPARE(*weight->quantizer->bitWidth, expect["bits"].get<int>());
        QCOMPARE(*weight->quantizer->isSigned, expect["signed"].get<bool>());
        QCOMPARE(weight->quantizer->scale->values[0], expect["scale"].get<float>());
        QCOMPARE(test::codesSha256(*weight), expect["codes_sha256_i32"].get<std::string>());
        QCOMPARE(weight->quantizer->origin.at("scale").text(),
            std::string("read: nodes Div of a, Add of a2, Round of r, Clip of c, Sub of c2, Mul of wd"));
    }

    void scalesThatFitAnotherAxis()
    {
        const Network network = opened("no_axis.onnx");
        QVERIFY(!slotOf(network, "conv")->quantizer);
        QVERIFY2(
            says(network, "gives no axis, so it means axis 1, which has 3 elements, while its 5 scales fit axis 0"),
            textOf(network).c_str());
        QVERIFY(says(network, "error quantizer-unreadable"));
    }

    void versionOfRawWeights()
    {
        const json expect = test::golden(field("raw_weights_06.expect.json"));
        const Network network = opened("raw_weights_06.onnx");
        QVERIFY(!says(network, expect["must_not_say"].get<std::string>()));
        QVERIFY2(says(network, "as Brevitas 0.6 writes QONNX"), textOf(network).c_str());
        QCOMPARE(test::codesSha256(*slotOf(network, "y")), expect["codes_sha256_i32"].get<std::string>());
    }

    void operators_data()
    {
        QTest::addColumn<QString>("row");
        const json golden = test::golden(field("operators/golden.json"));
        QVERIFY(golden.contains("files"));
        for (const json &file : golden["files"])
            QTest::newRow(file["file"].get<std::string>().c_str()) << QString::fromStdString(file.dump());
    }

    void operators()
    {
        QFETCH(QString, row);
        const json golden = json::parse(row.toStdString());
        const Network network = opened("operators/" + golden["file"].get<std::string>());
        if (golden.contains("text"))
            QVERIFY2(says(network, golden["text"].get<std::string>()), textOf(network).c_str());
        if (!golden.contains("layer"))
            return;
        const SlotQuantizer *slot
            = slotOf(network, golden["layer"].get<std::string>(), golden["slot"].get<std::string>());
        QVERIFY2(slot != nullptr, textOf(network).c_str());
        QCOMPARE(slot->quantizer.has_value(), !golden.contains("null"));
        if (!slot->quantizer)
            return;
        compare(golden, *slot);
    }

    /// Of Conv, Gemm and their like, whatever stands before the operand.
    void listedWithWhatIsStored()
    {
        const Network network = opened("operators/u_foo.onnx");
        const SlotQuantizer *weight = slotOf(network, "layer");
        QVERIFY(weight != nullptr && !weight->quantizer);
        QCOMPARE(weight->tensorName, std::string("w"));
        QCOMPARE(weight->shape, (Shape{5, 3, 3, 3}));
        QCOMPARE(network.layers[0].kind, std::string("Conv2d"));
    }

    void everyMatrixOfAnUnknownOperator()
    {
        const Network network = opened("operators/u_vendor.onnx");
        QCOMPARE(network.layers.size(), std::size_t{2});
        QCOMPARE(slotOf(network, "layer")->tensorName, std::string("w"));
        QCOMPARE(slotOf(network, "layer.input_2")->tensorName, std::string("t"));
    }

    /// Tables of positions and scales are no weights, a table of vectors is; what nothing reads may be one.
    void tensorsThatAreNoWeights()
    {
        const Network network = opened("operators/n_consts.onnx");
        QCOMPARE(network.layers.size(), std::size_t{2});
        QCOMPARE(network.layers[1].kind, std::string("Embedding"));
        QVERIFY2(says(network,
                     "note not-shown: 3 tensors of two or more axes are no layer's weights: indices, shapes or masks "
                     "(idx), operand of Add (pos), operand of Mul (sc); --tensors lists all"),
            textOf(network).c_str());
        QVERIFY2(says(network, "warning not-shown: 1 tensor belongs to no layer that is known: unused; --tensors"),
            textOf(network).c_str());
        const Network unknown = opened("operators/u_foo.onnx");
        QVERIFY2(!says(unknown, "not-shown"), textOf(unknown).c_str());
    }

    /// Also where no layer is listed at all.
    void tensorsWithoutAnyLayer()
    {
        const auto file = std::make_shared<ModelFile>(*opened("operators/n_consts.onnx").file);
        for (Node &node : file->graph->nodes)
            node.inputs.clear();
        const auto network = recoverQuantizers(std::shared_ptr<const ModelFile>(file));
        QVERIFY2(network && network->layers.empty(), network ? textOf(*network).c_str() : "");
        QVERIFY2(says(*network, "tensors belong to no layer that is known: "), textOf(*network).c_str());
    }

    /// ONNX Operators.md: W and R are (directions, gates * hidden, ...), B (directions, 2 * gates * hidden); matrices
    /// of MatMul are stacked in front of their two axes.
    void axes()
    {
        const Network lstm = opened("operators/a_lstm.onnx");
        QCOMPARE(words(lstm.layers[0], *lstm.layers[0].slot("weight")), std::string("direction out in"));
        QCOMPARE(words(lstm.layers[0], *lstm.layers[0].slot("bias")), std::string("direction out"));
        QCOMPARE(words(lstm.layers[1], *lstm.layers[1].slot("weight")), std::string("direction out in"));
        QCOMPARE(lstm.layers[0].slot("weight")->channelAxis, 1);
        const Network stacked = opened("operators/a_mm3.onnx");
        QCOMPARE(words(stacked.layers[0], *stacked.layers[0].slot("weight")), std::string("stack in out"));
        QCOMPARE(stacked.layers[0].slot("weight")->channelAxis, 2);
        const Layout layout = exportLayout(stacked.layers[0], *stacked.layers[0].slot("weight"), "hwio");
        QCOMPARE(layout.axisNames, std::string("[s][i][o]"));
        QCOMPARE(layout.index, std::string("(s*6+i)*4+o"));
    }

private:
    static void compare(const json &golden, const SlotQuantizer &slot)
    {
        const Quantizer &q = *slot.quantizer;
        if (golden.contains("bits"))
            QCOMPARE(q.bitWidth.value_or(0), golden["bits"].get<int>());
        if (golden.contains("signed"))
            QCOMPARE(q.isSigned.value_or(false), golden["signed"].get<bool>());
        if (golden.contains("narrow"))
            QCOMPARE(q.narrow.value_or(false), golden["narrow"].get<bool>());
        if (golden.contains("kind"))
            QCOMPARE(std::string(quantizerKindName(q.kind)), golden["kind"].get<std::string>());
        if (golden.contains("rounding"))
            QCOMPARE(std::string(roundingName(q.rounding)), golden["rounding"].get<std::string>());
        if (golden.contains("scales"))
            QCOMPARE(q.scale->values.size(), golden["scales"].get<std::size_t>());
        if (golden.contains("zero_point"))
            QCOMPARE(q.zeroPoint->values[0], golden["zero_point"].get<float>());
        if (golden.contains("floats")) // one of our rules does what the operators do
            QCOMPARE(CodeReader(slot).hasFloats(), golden["floats"].get<bool>());
        if (golden.contains("origin"))
            QVERIFY(q.origin.at("scale").detail.ends_with(golden["origin"].get<std::string>()));
        if (golden.contains("codes_sha256_i32"))
            QCOMPARE(test::codesSha256(slot), golden["codes_sha256_i32"].get<std::string>());
    }
};

QTEST_GUILESS_MAIN(TestFieldOnnx)
#include "tst_field_onnx.moc"
