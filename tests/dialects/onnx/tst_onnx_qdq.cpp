#include "network/axes.h"
#include "network/feeds.h"
#include "support/onnx_network.h"
#include "support/onnx_writer.h"
#include "support/paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace quantscope;
using namespace quantscope::test::proto;

namespace {

Network networkOf(const GraphParts &graph)
{
    const auto file = read(model(graph));
    Network network = listOnnx(file);
    network.diagnostics = file->diagnostics;
    recoverOnnx(network, {});
    return network;
}

std::string granular(const Granular &g)
{
    return fmt::format(
        "{}@{} {}", fmt::join(g.shape, "x"), g.axis ? std::to_string(*g.axis) : "-", fmt::join(g.values, " "));
}

/// One line of everything about a slot.
QString shown(const Network &network, Slot wanted = Slot::Weight, std::size_t layer = 0)
{
    const SlotQuantizer *slot = layer < network.layers.size() ? network.layers[layer].slot(wanted) : nullptr;
    if (slot == nullptr)
        return "no slot";
    if (!slot->quantizer) {
        for (const Diagnostic &d : network.diagnostics)
            if (d.severity != Severity::Note)
                return QString::fromStdString(d.text);
        return "no quantizer, and nothing said of it";
    }
    const Quantizer &q = *slot->quantizer;
    std::string out = fmt::format("{} bits {}{}, scale {}, zero {}", q.bitWidth ? *q.bitWidth : -*q.storageBits,
        *q.isSigned ? "signed" : "unsigned", *q.narrow ? " narrow" : "", granular(*q.scale), granular(*q.zeroPoint));
    if (q.blockSize)
        out += fmt::format(", block {}", *q.blockSize);
    if (slot->tensor != nullptr) {
        CodeReader reader(*slot);
        if (q.kind == QuantizerKind::Minifloat) {
            std::vector<float> patterns(reader.count());
            reader.codes(0, patterns);
            out += fmt::format(", patterns {}", fmt::join(patterns, " "));
        } else {
            std::vector<std::int64_t> codes(reader.count());
            reader.integers(0, codes);
            out += fmt::format(", codes {}", fmt::join(codes, " "));
        }
    }
    return QString::fromStdString(out);
}

/// "Conv2d 2x3, channels along 1, in out; Transpose 1 0" of the first layer's weight.
QString layout(const Network &network)
{
    if (network.layers.size() != 1 || network.layers[0].slot(Slot::Weight) == nullptr)
        return QString("%1 layers").arg(network.layers.size());
    const Layer &layer = network.layers[0];
    const SlotQuantizer &slot = *layer.slot(Slot::Weight);
    std::string out = fmt::format("{} {}, channels along {}, {}", layer.kind, fmt::join(slot.shape, "x"),
        slot.channelAxis, fmt::join(axisNames(layer, slot), " "));
    for (const LayoutStep &step : slot.chain)
        out += fmt::format("; {} {}", step.op, fmt::join(step.values, " "));
    return QString::fromStdString(out);
}

std::string counting(const std::string &name, const std::vector<std::int64_t> &dims)
{
    std::int64_t count = 1;
    for (const std::int64_t dim : dims)
        count *= dim;
    std::vector<std::int8_t> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<std::int8_t>(i % 100);
    return int8s(name, dims, values);
}

/// DequantizeLinear of w with its operands, then MatMul.
GraphParts dequantized(std::vector<std::string> initializers, const std::vector<std::string> &attributes = {},
    const std::string &domain = "")
{
    std::vector<std::string> inputs = {"w", "s"};
    if (initializers.size() > 2)
        inputs.push_back("z");
    return {
        {node("DequantizeLinear", "dq", inputs, {"d"}, attributes, domain), node("MatMul", "mm", {"x", "d"}, {"y"})},
        std::move(initializers), {"x"}, {"y"}};
}

/// The same of floats that QuantizeLinear quantizes in the file.
GraphParts quantized(std::vector<std::string> initializers, const std::vector<std::string> &attributes = {},
    const std::string &domain = "")
{
    std::vector<std::string> inputs = {"w", "s"};
    if (initializers.size() > 2)
        inputs.push_back("z");
    std::vector<std::string> second = inputs;
    second[0] = "q";
    return {
        {node("QuantizeLinear", "ql", inputs, {"q"}, attributes, domain),
            node("DequantizeLinear", "dq", second, {"d"}, attributes, domain), node("MatMul", "mm", {"x", "d"}, {"y"})},
        std::move(initializers), {"x"}, {"y"}};
}

std::string half(const std::string &name, const std::vector<std::uint16_t> &values)
{
    return tensor(name, 10, {static_cast<std::int64_t>(values.size())}, bytesOf(values));
}

/// A Conv or MatMul whose dequantized weight passes some operators.
GraphParts chained(const std::vector<std::int64_t> &dims, const std::vector<std::string> &steps,
    const std::string &op = "MatMul", const std::vector<std::string> &attributes = {}, std::int64_t scaleAxis = 0)
{
    const auto axis = static_cast<std::size_t>(scaleAxis);
    const std::vector<float> scales(static_cast<std::size_t>(dims[axis]), 0.5f);
    GraphParts graph{{node("DequantizeLinear", "dq", {"w", "s"}, {"v0"}, {attribute("axis", scaleAxis)})},
        {counting("w", dims), floats("s", {dims[axis]}, scales)}, {"x"}, {"y"}};
    std::string at = "v0";
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string next = "v" + std::to_string(i + 1);
        graph.nodes.push_back(text(1, at) + text(2, next) + steps[i]);
        at = next;
    }
    graph.nodes.push_back(node(op, "layer", {"x", at}, {"y"}, attributes));
    return graph;
}

std::string transpose(const std::vector<std::int64_t> &perm)
{
    return text(4, "Transpose") + text(5, attribute("perm", perm));
}
/// Operator set 1: the shape is an attribute.
std::string reshape(const std::vector<std::int64_t> &shape)
{
    return text(4, "Reshape") + text(5, attribute("shape", shape));
}

} // namespace

/// Truth: onnx Operators.md (QuantizeLinear, DequantizeLinear, Clip), worked by hand.
class TestOnnxQdq : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void constants_data()
    {
        QTest::addColumn<QByteArray>("graph");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const GraphParts &graph, const char *expected) {
            QTest::newRow(title) << QByteArray::fromStdString(model(graph)) << QString(expected);
        };
        const std::string w = int8s("w", {2, 3}, {1, -2, 3, -4, 5, -6});
        row("axis is 1 where nothing says it", dequantized({w, floats("s", {3}, {1, 2, 4})}),
            "8 bits signed, scale 1x3@1 1 2 4, zero @- 0, codes 1 -2 3 -4 5 -6");
        row("axis from the back", dequantized({w, floats("s", {2}, {1, 2})}, {attribute("axis", -2)}),
            "8 bits signed, scale 2x1@0 1 2, zero @- 0, codes 1 -2 3 -4 5 -6");
        row("axis 0 left out by proto3", dequantized({w, floats("s", {2}, {1, 2})}, {text(1, "axis") + number(20, 2)}),
            "8 bits signed, scale 2x1@0 1 2, zero @- 0, codes 1 -2 3 -4 5 -6");
        row("axis out of range", dequantized({w, floats("s", {2}, {1, 2})}, {attribute("axis", 2)}),
            "The quantizer of mm (weight) is not known: axis 2 of DequantizeLinear node dq is out of range for 2 "
            "axes.");
        row("one scale ignores the axis", dequantized({w, floats("s", {1}, {0.5f})}, {attribute("axis", 7)}),
            "8 bits signed, scale @- 0.5, zero @- 0, codes 1 -2 3 -4 5 -6");
        row("ragged blocks",
            dequantized({w, floats("s", {2, 2}, {1, 2, 3, 4})}, {attribute("axis", -1), attribute("block_size", 2)}),
            "8 bits signed, scale 2x2@1 1 2 3 4, zero @- 0, block 2, codes 1 -2 3 -4 5 -6");
        row("int4",
            dequantized({tensor("w", 22, {3, 1}, "\x2f\x08"), floats("s", {}, {2}), tensor("z", 22, {}, "\x01")}),
            "4 bits signed, scale @- 2, zero @- 1, codes -1 2 -8");
        row("int16 of ONNX Runtime",
            dequantized({tensor("w", 5, {2, 1}, bytesOf(std::vector<std::int16_t>{300, -300})), floats("s", {}, {2}),
                            tensor("z", 5, {}, bytesOf(std::vector<std::int16_t>{7}))},
                {}, "com.microsoft"),
            "16 bits signed, scale @- 2, zero @- 7, codes 300 -300");
        const std::string x = floats("w", {1, 5}, {0.5f, 1.5f, -2.5f, 300, -300});
        row("uint8 where nothing says it", quantized({x, floats("s", {}, {1})}),
            "8 bits unsigned, scale @- 1, zero @- 0, codes 0 2 0 255 0");
        row("output_dtype", quantized({x, floats("s", {}, {1})}, {attribute("output_dtype", 22)}),
            "4 bits signed, scale @- 1, zero @- 0, codes 0 2 -2 7 -8");
        row("floats in ragged blocks",
            quantized(
                {x, floats("s", {1, 3}, {0.5f, 2, 4}), int8s("z", {1, 3}, {1, 0, -1})}, {attribute("block_size", 2)}),
            "8 bits signed, scale 1x3@1 0.5 2 4, zero 1x3@1 1 0 -1, block 2, codes 2 4 -1 127 -76");
        row("floats to float8", quantized({x, floats("s", {}, {1}), tensor("z", 17, {}, std::string(1, '\0'))}),
            "8 bits signed, scale @- 1, zero @- 0, patterns 48 60 194 121 249");
        row("floats to float4", quantized({x, floats("s", {}, {1})}, {attribute("output_dtype", 23)}),
            "4 bits signed, scale @- 1, zero @- 0, patterns 1 3 12 7 15");
        // numpy: float16(0.07995605) / float16(0.0123) is 6.5 in float16 and more in float32.
        row("division in float16", quantized({half("w", {0x2d1e}), half("s", {0x224c}), int8s("z", {}, {0})}),
            "8 bits signed, scale @- 0.012298584, zero @- 0, codes 6");
        row("division in float32", // of ONNX Runtime's own operator
            quantized({half("w", {0x2d1e}), half("s", {0x224c}), int8s("z", {}, {0})}, {}, "com.microsoft"),
            "8 bits signed, scale @- 0.012298584, zero @- 0, codes 7");
        row("scale of powers of two", dequantized({w, tensor("s", 24, {}, "\x7d")}),
            "8 bits signed, scale @- 0.25, zero @- 0, codes 1 -2 3 -4 5 -6");
    }
    void constants()
    {
        QFETCH(QByteArray, graph);
        Network network = listOnnx(read(graph.toStdString()));
        recoverOnnx(network, {});
        QTEST(shown(network), "expected");
    }

    void clips_data()
    {
        QTest::addColumn<QByteArray>("clip");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const std::string &clip, const char *expected) {
            QTest::newRow(title) << QByteArray::fromStdString(clip) << QString(expected);
        };
        row("both", text(1, "lo") + text(1, "hi"), "3 bits signed narrow, scale @- 1, zero @- 0, codes 1 -2 3 -3 3 -3");
        row("upper alone", text(1, "") + text(1, "hi"), "8 bits signed, scale @- 1, zero @- 0, codes 1 -2 3 -4 3 -6");
        row("lower alone", text(1, "lo"), "8 bits signed, scale @- 1, zero @- 0, codes 1 -2 3 -3 5 -3");
        row("neither", "", "8 bits signed, scale @- 1, zero @- 0, codes 1 -2 3 -4 5 -6");
        row("Constant", text(1, "clo") + text(1, "hi"), "3 bits signed, scale @- 1, zero @- 0, codes 1 -2 3 -4 3 -4");
        row("computed", text(1, "nlo") + text(1, "hi"),
            "3 bits signed narrow, scale @- 1, zero @- 0, codes 1 -2 3 -3 3 -3");
        row("empty range", text(1, "hi") + text(1, "lo"),
            "The quantizer of mm (weight) is not known: Clip node clip clips to the empty range 3..-3.");
    }
    void clips()
    {
        QFETCH(QByteArray, clip);
        const std::string node1 = text(1, "w") + clip.toStdString() + text(2, "c") + text(3, "clip") + text(4, "Clip");
        const Network network
            = networkOf({{node1, node("Constant", "", {}, {"clo"}, {tensorAttribute("value", int8s("", {}, {-4}))}),
                             node("Neg", "", {"hi"}, {"nlo"}), node("DequantizeLinear", "dq", {"c", "s"}, {"d"}),
                             node("MatMul", "mm", {"x", "d"}, {"y"})},
                {int8s("w", {2, 3}, {1, -2, 3, -4, 5, -6}), floats("s", {}, {1}), int8s("lo", {}, {-3}),
                    int8s("hi", {}, {3})},
                {"x"}, {"y"}});
        QTEST(shown(network), "expected");
    }

    /// Codes of 32 bits have no zero point.
    void shiftedBias()
    {
        const Network network = networkOf(
            {{node("DequantizeLinear", "dqb", {"b", "s", "z"}, {"db"}),
                 node("DequantizeLinear", "dqw", {"w", "s"}, {"dw"}), node("Gemm", "fc", {"x", "dw", "db"}, {"y"})},
                {tensor("b", 6, {2}, bytesOf(std::vector<std::int32_t>{1, 2})), floats("s", {}, {1}),
                    tensor("z", 6, {}, bytesOf(std::vector<std::int32_t>{5})), counting("w", {2, 2})},
                {"x"}, {"y"}});
        QCOMPARE(shown(network, Slot::Bias), QString("-32 bits signed, scale @- 1, zero @- 5, codes 1 2"));
        QStringList said;
        for (const Diagnostic &d : network.diagnostics)
            if (d.severity == Severity::Warning)
                said << QString::fromStdString(d.rule + ": " + d.text);
        QCOMPARE(said,
            (QStringList{"zero-point-not-zero: The zero point of DequantizeLinear node dqb is not 0, as it must be for "
                         "int32."}));
    }

    /// The axis of an activation counts from the back only where the file tells how many it has.
    void axisOfAnActivation()
    {
        GraphParts graph{{node("QuantizeLinear", "q", {"x", "s", "z"}, {"c"}, {attribute("axis", -1)}),
                             node("DequantizeLinear", "d", {"c", "s", "z"}, {"y"}, {attribute("axis", -1)})},
            {floats("s", {2}, {1, 2}), int8s("z", {2}, {0, 0})}, {}, {"y"}};
        GraphParts ranked = graph;
        ranked.more = valueInfo(11, "x", 3);
        graph.inputs = {"x"};
        QCOMPARE(shown(networkOf(ranked), Slot::Act), QString("8 bits signed, scale 2@2 1 2, zero @- 0"));
        QCOMPARE(shown(networkOf(graph), Slot::Act),
            QString(
                "The quantizer of q (act) is not known: DequantizeLinear node d names axis -1 of a tensor whose number "
                "of axes the file does not say."));
    }

    void activationInFloat8()
    {
        const Network network = networkOf({{node("QuantizeLinear", "q", {"x", "s", "z"}, {"c"}),
                                               node("DequantizeLinear", "d", {"c", "s", "z"}, {"y"})},
            {floats("s", {}, {0.5f}), tensor("z", 19, {}, std::string(1, '\0'))}, {"x"}, {"y"}});
        QCOMPARE(shown(network, Slot::Act), QString("8 bits signed, scale @- 0.5, zero @- 0"));
        QVERIFY(network.layers[0].slots[0].quantizer->kind == QuantizerKind::Minifloat);
    }

    /// onnx.proto's keys for 8-bit linear quantization.
    void annotations()
    {
        const auto annotated
            = [](const std::string &weight, const std::vector<std::pair<std::string, std::string>> &keys) {
                  std::string annotation = text(1, "w");
                  for (const auto &[key, value] : keys)
                      annotation += text(2, text(1, key) + text(2, value));
                  return networkOf({{node("Gemm", "fc", {"x", "w"}, {"y"})},
                      {weight, floats("s", {}, {0.5f}), tensor("z", 2, {}, "\x80"), floats("two", {2}, {1, 2})}, {"x"},
                      {"y"}, text(14, annotation)});
              };
        const std::string w = tensor("w", 2, {1, 3}, std::string("\x00\x80\xff", 3));
        QCOMPARE(shown(annotated(w, {{"SCALE_TENSOR", "s"}, {"ZERO_POINT_TENSOR", "z"}})),
            QString("8 bits unsigned, scale @- 0.5, zero @- 128, codes 0 128 255"));
        QCOMPARE(shown(annotated(w, {{"SCALE_TENSOR", "s"}})),
            QString("8 bits unsigned, scale @- 0.5, zero @- 0, codes 0 128 255"));
        QCOMPARE(shown(annotated(w, {{"ZERO_POINT_TENSOR", "z"}})),
            QString("The quantizer of fc (weight) is not known: its annotation names no scale."));
        QCOMPARE(shown(annotated(w, {{"SCALE_TENSOR", "two"}})),
            QString("The quantizer of fc (weight) is not known: its annotation names 2 scales and no axis."));
        QCOMPARE(shown(annotated(floats("w", {1, 1}, {1}), {{"SCALE_TENSOR", "s"}})),
            QString(
                "The quantizer of fc (weight) is not known: its annotation names a scale, but it holds float32, which "
                "are no codes."));
        QCOMPARE(shown(annotated(w, {{"SCALE_TENSOR", "nowhere"}})),
            QString("'an annotation' reads 'nowhere', which nothing in the file defines."));
    }

    /// Where the output channels lie in what is stored, behind what turns it around.
    void chains_data()
    {
        QTest::addColumn<QByteArray>("graph");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const GraphParts &graph, const char *expected) {
            QTest::newRow(title) << QByteArray::fromStdString(model(graph)) << QString(expected);
        };
        row("none", chained({2, 3}, {}), "Linear 2x3, channels along 1, in out");
        row("Transpose", chained({2, 3}, {transpose({1, 0})}), "Linear 2x3, channels along 0, out in; Transpose 1 0");
        row("twice", chained({2, 3}, {transpose({1, 0}), transpose({1, 0})}),
            "Linear 2x3, channels along 1, in out; Transpose 1 0; Transpose 1 0");
        row("no turn", chained({2, 3}, {transpose({0, 1})}), "Linear 2x3, channels along 1, in out; Transpose 0 1");
        row("Gemm with transB", chained({2, 3}, {}, "Gemm", {attribute("transB", 1)}),
            "Linear 2x3, channels along 0, out in");
        row("height, width, in, out", chained({3, 2, 4, 5}, {transpose({3, 2, 0, 1})}, "Conv", {}, 3),
            "Conv2d 3x2x4x5, channels along 3, kh kw in out; Transpose 3 2 0 1");
        row("matrix of a convolution", chained({5, 24}, {reshape({5, 4, 2, 3})}, "Conv"),
            "Conv2d 5x24, channels along 0, a0 a1; Reshape 5 4 2 3");
        row("in, out to a convolution of ones",
            chained({4, 5}, {transpose({1, 0}), reshape({5, 4, 1, 1})}, "Conv", {}, 1),
            "Conv2d 4x5, channels along 1, a0 a1; Transpose 1 0; Reshape 5 4 1 1");
        row("transposed convolution", chained({5, 3, 2, 2}, {transpose({1, 0, 2, 3})}, "ConvTranspose"),
            "ConvTranspose2d 5x3x2x2, channels along 0, out in kh kw; Transpose 1 0 2 3");
        row("stacked", chained({6, 2, 3}, {}), "Linear 6x2x3, channels along 2, stack in out");
        row("stacked and turned", chained({6, 2, 3}, {transpose({0, 2, 1})}),
            "Linear 6x2x3, channels along 1, stack out in; Transpose 0 2 1");
        row("out, heads, size", chained({2, 3, 4}, {reshape({2, 12}), transpose({1, 0})}),
            "Linear 2x3x4, channels along 0, a0 a1 a2; Reshape 2 12; Transpose 1 0");
        row("joined", chained({2, 3, 4}, {reshape({6, 4}), transpose({1, 0})}),
            "Linear 2x3x4, channels along -1, a0 a1 a2; Reshape 6 4; Transpose 1 0");
        row("split", chained({4, 6}, {reshape({6, 4})}), "Linear 4x6, channels along -1, a0 a1; Reshape 6 4");
        row("wrong", chained({2, 3}, {reshape({7})}), "Linear 2x3, channels along 1, in out; Reshape ");
    }
    void chains()
    {
        QFETCH(QByteArray, graph);
        const auto file = read(graph.toStdString());
        QTEST(layout(listOnnx(file)), "expected");
        Network network = listOnnx(file);
        recoverOnnx(network, {});
        QTEST(layout(network), "expected");
        QVERIFY(network.layers[0].slots[0].quantizer);
        QVERIFY(network.layers[0].slots[0].quantizer->scale->axis.has_value());
    }

    /// What a branch makes feeds what reads the If; what a loop is given feeds what reads it inside.
    void throughSubgraphs()
    {
        const auto linear = [](const std::string &name, const std::string &x, const std::string &y) {
            return node("MatMul", name, {x, "d"}, {y});
        };
        const GraphParts then{{linear("t", "h", "r")}, {}, {}, {"r"}}, other{{linear("e", "h", "r")}, {}, {}, {"r"}};
        const GraphParts body{
            {linear("l", "v", "v2"), node("Identity", "", {"c"}, {"c2"})}, {}, {"i", "c", "v"}, {"c2", "v2"}};
        const Network network = networkOf(
            {{node("DequantizeLinear", "dq", {"w", "s"}, {"d"}), linear("a", "x", "h"),
                 node("If", "sel", {"cond"}, {"k"},
                     {graphAttribute("then_branch", then.bytes()), graphAttribute("else_branch", other.bytes())}),
                 node("Loop", "rep", {"n", "", "k"}, {"m"}, {graphAttribute("body", body.bytes())}),
                 linear("z", "m", "y")},
                {counting("w", {2, 2}), floats("s", {}, {1}), int64s("n", {}, {3}), tensor("cond", 9, {}, "\x01")},
                {"x"}, {"y"}});
        QStringList order, fed;
        for (const LayerId id : network.flow.layerOrder()) {
            order << QString::fromStdString(network.layer(id).name);
            QStringList from;
            for (const std::string &name : fedByNames(network, id))
                from << QString::fromStdString(name);
            fed << from.join("+");
        }
        QCOMPARE(order, (QStringList{"a", "sel/then_branch:t", "sel/else_branch:e", "rep/body:l", "z"}));
        QCOMPARE(fed,
            (QStringList{"", "a", "a", "sel/then_branch:t+sel/else_branch:e",
                "sel/then_branch:t+sel/else_branch:e+rep/body:l"}));
    }
};

QTEST_APPLESS_MAIN(TestOnnxQdq)
#include "tst_onnx_qdq.moc"
