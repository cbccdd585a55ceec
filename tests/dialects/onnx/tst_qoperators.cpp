#include "network/feeds.h"
#include "support/onnx_builder.h"
#include "support/slot_text.h"

#include <QtTest>

#include <algorithm>
#include <functional>

using namespace quantscope;
using test::codesOf;
using test::layersText;
using test::OnnxBuilder;
using test::slotText;
using test::textsOf;
using test::valuesOf;

namespace {

using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;
using Signed = std::vector<std::int8_t>;
const std::string kMicrosoft = "com.microsoft";

/// x -> DynamicQuantizeLinear -> MatMulInteger by w (2 x 3) -> Cast; the products behind are the test's.
OnnxBuilder dynamicProduct()
{
    OnnxBuilder builder;
    builder.input("x").output("y");
    builder.node("DynamicQuantizeLinear", {"x"}, {"xq", "xs", "xz"}, "dyn");
    builder.node("MatMulInteger", {"xq", "w", "xz", "wz"}, {"acc"}, "mm");
    builder.node("Cast", {"acc"}, {"real"}, "cast", {}, {{{"to", 1}}, {}});
    builder.tensor("w", {2, 3}, Signed{1, -2, 3, -4, 5, -6}).tensor("wz", {}, Signed{0});
    return builder;
}

const std::string kDynamic = "dyn Identity\n  act: uint8 scale ?, zero ?\n";

} // namespace

/// Operators on codes, in forms that exporters write and the corpus has not; numbers worked by hand.
class TestQOperators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void layers_data()
    {
        QTest::addColumn<std::function<void(OnnxBuilder &)>>("build");
        QTest::addColumn<std::string>("layers");
        const auto row = [](const char *title, std::function<void(OnnxBuilder &)> build, const std::string &layers) {
            QTest::newRow(title) << std::move(build) << layers;
        };
        const std::string shown = "mm Linear\n  weight: int8 scale @1 0.5 0.25 2, zero 0\n";
        row(
            "one product after the other",
            [](OnnxBuilder &b) {
                b = dynamicProduct();
                b.node("Mul", {"real", "xs"}, {"m"}).node("Mul", {"ws", "m"}, {"y"});
                b.tensor("ws", {3}, Floats{0.5f, 0.25f, 2});
            },
            kDynamic + shown);
        row(
            "the product of the scales in another order, and a bias behind",
            [](OnnxBuilder &b) {
                b = dynamicProduct();
                b.node("Mul", {"ws", "xs"}, {"s"}).node("Mul", {"s", "real"}, {"m"}).node("Add", {"m", "b"}, {"y"});
                b.tensor("ws", {1, 3}, Floats{0.5f, 0.25f, 2}).tensor("b", {3}, Floats{1, 2, 3});
            },
            kDynamic + shown + "  bias: unknown\n");
        row(
            "two constants",
            [](OnnxBuilder &b) {
                b = dynamicProduct();
                b.node("Mul", {"ws", "c"}, {"s"}).node("Mul", {"s", "real"}, {"m"}).node("Mul", {"m", "xs"}, {"y"});
                b.tensor("ws", {3}, Floats{0.5f, 0.25f, 2}).tensor("c", {}, Floats{2});
            },
            kDynamic + "mm Linear\n  weight: int8 scale ?, zero 0\n");
        row(
            "a number, and a constant for each channel behind it",
            [](OnnxBuilder &b) {
                b = dynamicProduct();
                b.node("Mul", {"real", "xs"}, {"m"}).node("Mul", {"m", "c"}, {"s"}).node("Mul", {"s", "ws"}, {"y"});
                b.tensor("ws", {3}, Floats{0.5f, 0.25f, 2}).tensor("c", {}, Floats{0.125f});
            },
            kDynamic + "mm Linear\n  weight: int8 scale ?, zero 0\n");
        row(
            "a scale for each channel beside that of the input, and a number behind",
            [](OnnxBuilder &b) {
                b = dynamicProduct();
                b.node("Mul", {"xs", "ws"}, {"s"}).node("Mul", {"real", "s"}, {"m"}).node("Mul", {"m", "c"}, {"y"});
                b.tensor("ws", {3}, Floats{0.5f, 0.25f, 2}).tensor("c", {}, Floats{0.125f});
            },
            kDynamic + shown);
        row(
            "a quantized input whose scale is constant",
            [](OnnxBuilder &b) {
                b.input("x").output("y").node("QuantizeLinear", {"x", "xs", "xz"}, {"xq"}, "q");
                b.node("MatMulInteger", {"xq", "w", "xz"}, {"acc"}, "mm");
                b.node("Cast", {"acc"}, {"real"}).node("Mul", {"xs", "ws"}, {"s"}).node("Mul", {"real", "s"}, {"y"});
                b.tensor("w", {2, 1}, Bytes{7, 9}).tensor("ws", {}, Floats{0.25f});
                b.tensor("xs", {}, Floats{0.5f}).tensor("xz", {}, Bytes{3});
            },
            "q Identity\n  act: uint8 scale 0.5, zero 3\nmm Linear\n  weight: uint8 scale 0.25, zero 0\n");
        row(
            "a weight on the left, a scale a row",
            [](OnnxBuilder &b) {
                b.input("x").output("y");
                b.node("QLinearMatMul", {"w", "ws", "wz", "x", "xs", "xz", "ys", "yz"}, {"y"}, "left");
                b.tensor("w", {2, 3}, Bytes{1, 2, 3, 4, 5, 6}).tensor("ws", {2}, Floats{0.5f, 0.25f});
                b.tensor("wz", {2}, Bytes{1, 2}).tensor("xs", {}, Floats{0.125f}).tensor("xz", {}, Signed{-1});
                b.tensor("ys", {}, Floats{4}).tensor("yz", {}, Bytes{5});
            },
            "left Linear\n  weight: uint8 scale @0 0.5 0.25, zero @0 1 2\n  input: int8 scale 0.125, zero -1\n  "
            "output: "
            "uint8 scale 4, zero 5\n");
        row(
            "a product of two activations",
            [](OnnxBuilder &b) {
                b.input("a").input("c").output("y");
                b.node("QLinearMatMul", {"a", "as", "z", "c", "cs", "z", "ys", "z"}, {"y"}, "both");
                b.tensor("as", {}, Floats{0.5f}).tensor("cs", {}, Floats{0.25f}).tensor("ys", {}, Floats{2});
                b.tensor("z", {}, Bytes{0});
            },
            "both MatMul\n  input: uint8 scale 0.5, zero 0\n  output: uint8 scale 2, zero 0\n");
        row(
            "QAttention, a scale a column of query, key and value",
            [](OnnxBuilder &b) {
                b.input("x").output("y");
                b.node("QAttention", {"x", "w", "b", "xs", "ws", "", "xz", "wz"}, {"y"}, "att", kMicrosoft);
                b.tensor("w", {1, 3}, Signed{1, 2, 3}).tensor("b", {3}, Floats{1, 2, 3});
                b.tensor("xs", {}, Floats{0.5f}).tensor("ws", {3}, Floats{1, 2, 4});
                b.tensor("xz", {}, Bytes{9}).tensor("wz", {3}, Signed{0, 0, 0});
            },
            "att Attention\n  weight: int8 scale @1 1 2 4, zero 0\n  bias: unknown\n  input: uint8 scale 0.5, zero "
            "9\n");
        row(
            "MatMulIntegerToFloat behind DynamicQuantizeLinear",
            [](OnnxBuilder &b) {
                b.input("x").output("y").node("DynamicQuantizeLinear", {"x"}, {"xq", "xs", "xz"}, "dyn");
                b.node("MatMulIntegerToFloat", {"xq", "w", "xs", "ws", "xz", "", "b"}, {"y"}, "mm", kMicrosoft);
                b.tensor("w", {1, 2}, Signed{1, 2}).tensor("ws", {2}, Floats{1, 2}).tensor("b", {2}, Floats{1, 2});
            },
            kDynamic + "mm Linear\n  weight: int8 scale @1 1 2, zero 0\n  bias: unknown\n");
        row(
            "QGemm to floats, with alpha",
            [](OnnxBuilder &b) {
                b.input("x").output("y");
                b.node(
                    "QGemm", {"x", "xs", "xz", "w", "ws", "wz", "b"}, {"y"}, "g", kMicrosoft, {{}, {{"alpha", 0.5f}}});
                b.tensor("w", {2, 3}, Signed{1, 2, 3, 4, 5, 6}).tensor("b", {3}, std::vector<std::int32_t>{7, -8, 9});
                b.tensor("xs", {}, Floats{0.25f}).tensor("xz", {}, Bytes{128});
                b.tensor("ws", {3}, Floats{1, 2, 4}).tensor("wz", {3}, Signed{0, 1, 0});
            },
            "g Linear\n  weight: int8 scale @1 1 2 4, zero @1 0 1 0\n  bias: int<32> scale @0 0.125 0.25 0.5, zero "
            "0\n  input: uint8 scale 0.25, zero 128\n");
        row(
            "activations without zero points",
            [](OnnxBuilder &b) {
                b.input("x").output("y").node("QuantizeLinear", {"x", "xs", "xz"}, {"xq"}, "q");
                b.node("QLinearSigmoid", {"xq", "xs", "", "ys", ""}, {"s"}, "sig", kMicrosoft);
                b.node("QLinearConcat", {"ys", "", "s", "ys", "", "xq", "xs", "xz"}, {"c"}, "cat", kMicrosoft);
                b.node("QLinearMul", {"k", "ks", "", "c", "ys", "", "ys", ""}, {"y"}, "mul", kMicrosoft);
                b.tensor("xs", {}, Floats{0.5f}).tensor("xz", {}, Signed{3}).tensor("ys", {}, Floats{0.25f});
                b.tensor("k", {2}, Signed{4, 5}).tensor("ks", {}, Floats{2});
            },
            "q Identity\n  act: int8 scale 0.5, zero 3\nsig Sigmoid\n  input: int8 scale 0.5, zero 0\n  output: int8 "
            "scale 0.25, zero 0\ncat Concat\n  input: int8 scale 0.25, zero 0\n  output: int8 scale 0.25, zero "
            "0\nmul Mul\n  weight: int8 scale 2, zero 0\n  input: int8 scale 0.25, zero 0\n  output: int8 scale 0.25, "
            "zero 0\n");
    }
    void layers()
    {
        QFETCH(std::function<void(OnnxBuilder &)>, build);
        QFETCH(std::string, layers);
        OnnxBuilder builder;
        build(builder);
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(layersText(network), layers);
        QVERIFY(textsOf(network, "dialect-not-decoded").empty());
        for (const Diagnostic &d : network.diagnostics)
            QVERIFY2(d.severity != Severity::Error, d.text.c_str());
    }

    /// The products and casts behind the integers are part of the layer: nothing stands between it and what follows.
    void flow()
    {
        OnnxBuilder builder = dynamicProduct();
        builder.node("Mul", {"xs", "ws"}, {"s"}).node("Mul", {"real", "s"}, {"m"}).node("Relu", {"m"}, {"r"});
        builder.node("QuantizeLinear", {"r", "rs", "rz"}, {"rq"}, "q");
        builder.node("QLinearAdd", {"rq", "rs", "rz", "rq", "rs", "rz", "ys", "rz"}, {"y"}, "add", kMicrosoft);
        builder.tensor("ws", {}, Floats{0.5f}).tensor("rs", {}, Floats{1}).tensor("rz", {}, Bytes{0});
        builder.tensor("ys", {}, Floats{2});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(network.dialect, Dialect::QOperator);
        const auto fedBy = [&](const char *name) { return fedByNames(network, network.layer(name)->id); };
        QCOMPARE(fedBy("mm"), (std::vector<std::string>{"dyn"}));
        QCOMPARE(fedBy("q"), (std::vector<std::string>{"mm"}));
        QCOMPARE(fedBy("add"), (std::vector<std::string>{"q"}));
        QCOMPARE(feedsNames(network, network.layer("dyn")->id), (std::vector<std::string>{"mm"}));
    }

    void convInteger()
    {
        OnnxBuilder builder;
        builder.input("x").output("y").node("DynamicQuantizeLinear", {"x"}, {"xq", "xs", "xz"}, "dyn");
        builder.node("ConvInteger", {"xq", "w", "xz"}, {"acc"}, "conv", {}, {{{"group", 2}}, {}});
        builder.node("Cast", {"acc"}, {"real"}, {}, {}, {{{"to", 1}}, {}}).node("Mul", {"xs", "ws"}, {"s"});
        builder.node("Reshape", {"s", "shape"}, {"wide"}).node("Mul", {"real", "wide"}, {"m"});
        builder.node("Reshape", {"b", "shape"}, {"bias"}).node("Add", {"m", "bias"}, {"y"});
        builder.tensor("w", {2, 1, 1, 2}, Signed{1, 2, 3, 4}).tensor("ws", {2}, Floats{0.5f, 2});
        builder.tensor("b", {2}, Floats{1, 2}).tensor("shape", {4}, std::vector<std::int64_t>{1, -1, 1, 1});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(
            layersText(network), kDynamic + "conv Conv2d\n  weight: int8 scale @0 0.5 2, zero 0\n  bias: unknown\n");
        const Layer &layer = *network.layer("conv");
        QCOMPARE(layer.groups, 2);
        QCOMPARE(layer.slot("bias")->tensorName, std::string("b"));
        QCOMPARE(valuesOf(*layer.slot("weight")), (Floats{0.5f, 1, 6, 8}));
    }

    void origins()
    {
        OnnxBuilder builder;
        builder.input("x").input("c").output("y");
        builder.node("QLinearConv", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"q"}, "conv");
        builder.node("QLinearAdd", {"q", "ys", "yz", "c", "xs", "xz", "ys", "yz"}, {"y"}, "add", kMicrosoft);
        builder.tensor("w", {1, 1, 1, 1}, Signed{1}).tensor("b", {1}, std::vector<std::int32_t>{5});
        builder.tensor("xs", {}, Floats{0.5f}).tensor("xz", {}, Bytes{3}).tensor("ys", {}, Floats{4});
        builder.tensor("yz", {}, Bytes{1}).tensor("ws", {}, Floats{0.25f}).tensor("wz", {}, Signed{0});
        const Network network = test::recoverOnnxBytes(builder.model());
        const auto origin = [&](const char *layer, const char *slot, const char *field) {
            return network.layer(layer)->slot(slot)->quantizer->origin.at(field).text();
        };
        QCOMPARE(origin("conv", "weight", "scale"), std::string("read: QLinearConv node conv, input 4"));
        QCOMPARE(origin("conv", "weight", "zero_point"), std::string("read: QLinearConv node conv, input 5"));
        QCOMPARE(origin("conv", "weight", "bit_width"), std::string("computed: the full range of int8"));
        QCOMPARE(origin("conv", "bias", "scale"),
            std::string("computed: QLinearConv node conv: scale of its input (input 1) times that of its weight (input "
                        "4)"));
        QCOMPARE(origin("conv", "input", "scale"), std::string("read: QLinearConv node conv, input 1"));
        QCOMPARE(origin("conv", "output", "zero_point"), std::string("read: QLinearConv node conv, input 7"));
        QCOMPARE(origin("add", "input", "scale"),
            std::string("read: QLinearAdd node add, input 1; of input 3 scale 0.5, zero point 3"));
    }

    void notKnown_data()
    {
        QTest::addColumn<std::string>("scale"); // who makes the weight's scale
        QTest::addColumn<std::string>("text");
        const auto row
            = [](const std::string &scale, const std::string &text) { QTest::newRow(scale.c_str()) << scale << text; };
        row("given", "'given' is not constant");
        row("computed", "'computed' is not constant: it is made by the operator Softmax");
        row("stored", "'stored' is not computed here: it is made by the operator Softmax");
    }
    void notKnown()
    {
        QFETCH(std::string, scale);
        QFETCH(std::string, text);
        OnnxBuilder builder;
        builder.input("x").input("given").output("y").node("Softmax", {"given"}, {"computed"});
        builder.node("Softmax", {"xs"}, {"stored"});
        builder.node("QLinearConv", {"x", "xs", "xz", "w", scale, "wz", "xs", "xz", "b"}, {"y"}, "conv");
        builder.tensor("w", {1, 1, 1, 2}, Signed{1, -2}).tensor("b", {1}, std::vector<std::int32_t>{5});
        builder.tensor("xs", {}, Floats{0.5f}).tensor("xz", {}, Bytes{3}).tensor("wz", {}, Signed{0});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(textsOf(network, "scale-not-constant"),
            (std::vector<std::string>{"The scale of conv (weight) is not known: " + text + ".",
                "The scale of conv (bias) is not known: " + text + "."}));
        const SlotQuantizer &weight = *network.layer("conv")->slot("weight");
        QCOMPARE(slotText(weight), std::string("int8 scale ?, zero 0"));
        QCOMPARE(codesOf(weight), (std::vector<std::int64_t>{1, -2}));
        QVERIFY(weight.hasCodes() && !weight.hasValues());
    }

    /// Numpy aligns the factors behind a convolution at their ends: only those along the second axis are its channels'.
    void factorsBehind_data()
    {
        QTest::addColumn<QList<int>>("shape");
        QTest::addColumn<std::string>("weight");
        const std::string channels = "int3 scale @0 0.5 0.25 2 4, zero 0", none = "int3 scale 1, zero 0";
        QTest::newRow("channels") << QList<int>{1, 4, 1, 1} << channels;
        QTest::newRow("channels without the batch") << QList<int>{4, 1, 1} << channels;
        QTest::newRow("columns") << QList<int>{1, 1, 1, 4} << none;
        QTest::newRow("columns as a vector") << QList<int>{4} << none;
    }
    void factorsBehind()
    {
        QFETCH(QList<int>, shape);
        OnnxBuilder builder;
        builder.input("x").output("y").node("Conv", {"x", "w"}, {"c"}, "/net/export_handler/Conv");
        builder.node("Mul", {"c", "s"}, {"y"}, "/net/export_handler/Mul").finnType("w", "INT3");
        builder.tensor("w", {4, 1, 1, 1}, Floats{1, -2, 3, -4});
        builder.tensor("s", {shape.begin(), shape.end()}, Floats{0.5f, 0.25f, 2, 4});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(network.layers.size(), std::size_t{1});
        QTEST(slotText(*network.layers[0].slot("weight")), "weight");
    }

    /// ONNX Runtime's tools dequantize what is picked from a table of codes.
    void pickedCodes_data()
    {
        QTest::addColumn<bool>("many");
        QTest::addColumn<std::string>("weight");
        QTest::addColumn<std::string>("said");
        QTest::newRow("one scale") << false << std::string("int8 scale 0.5, zero 3") << std::string();
        QTest::newRow("a scale for each feature")
            << true << std::string("int8 scale ?, zero ?")
            << std::string("The scale of pick (weight) is not known: DequantizeLinear node dq reads the codes that are "
                           "picked, and its scale and zero point are not one constant each.");
    }
    void pickedCodes()
    {
        QFETCH(bool, many);
        OnnxBuilder builder;
        builder.input("ids").output("y").node("Gather", {"w", "ids"}, {"rows"}, "pick");
        builder.node("DequantizeLinear", {"rows", "s", "z"}, {"y"}, "dq");
        builder.tensor("w", {3, 2}, Signed{1, -2, 3, -4, 5, -6}).tensor("z", {}, Signed{3});
        builder.tensor("s", many ? std::vector<std::int64_t>{2} : std::vector<std::int64_t>{},
            many ? Floats{0.5f, 0.25f} : Floats{0.5f});
        const Network network = test::recoverOnnxBytes(builder.model());
        const SlotQuantizer &weight = *network.layer("pick")->slot("weight");
        QTEST(slotText(weight), "weight");
        QCOMPARE(codesOf(weight), (std::vector<std::int64_t>{1, -2, 3, -4, 5, -6}));
        QFETCH(std::string, said);
        QCOMPARE(textsOf(network, "scale-not-constant"),
            said.empty() ? std::vector<std::string>() : std::vector<std::string>{said});
    }

    /// Stacked matrices may have a scale for each column of each (operator set 21): the codes are shown without.
    void severalAxes()
    {
        OnnxBuilder builder;
        builder.input("x").output("y");
        builder.node("QLinearMatMul", {"x", "xs", "xz", "w", "ws", "wz", "xs", "xz"}, {"y"}, "mm");
        builder.tensor("w", {2, 1, 2}, Bytes{1, 2, 3, 4}).tensor("ws", {2, 1, 2}, Floats{1, 2, 3, 4});
        builder.tensor("wz", {}, Bytes{7}).tensor("xs", {}, Floats{0.5f}).tensor("xz", {}, Bytes{0});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(textsOf(network, "scale-not-constant"),
            std::vector<std::string>{"The scale of mm (weight) is not known: QLinearMatMul node mm, input 4 differs "
                                     "along several axes (2×1×2), which is not decoded."});
        const SlotQuantizer &weight = *network.layer("mm")->slot("weight");
        QCOMPARE(slotText(weight), std::string("uint8 scale ?, zero 7"));
        QCOMPARE(codesOf(weight), (std::vector<std::int64_t>{1, 2, 3, 4}));
    }

    /// What ONNX Runtime's tools make of PyTorch's names.
    void names_data()
    {
        QTest::addColumn<QString>("op");
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("layer");
        const auto row
            = [](const char *op, const char *node, const char *layer) { QTest::newRow(node) << op << node << layer; };
        row("MatMulInteger", "/encoder/fc/MatMul_quant", "encoder.fc");
        row("QLinearConv", "/conv1/Conv_quant", "conv1");
        row("QLinearConv", "/conv1/Conv_3_quant", "conv1");
        row("QLinearConv", "/conv2/Conv", "conv2");
        row("MatMulInteger", "/fc/Gemm_quant", "fc.Gemm_quant");
        row("MatMulInteger", "MatMul_12_quant", "MatMul_12_quant");
        row("QLinearConv", "/conv/Convolve_quant", "conv.Convolve_quant");
    }
    void names()
    {
        QFETCH(QString, op);
        QFETCH(QString, node);
        QFETCH(QString, layer);
        OnnxBuilder builder;
        builder.input("x").output("y").tensor("w", {1, 1, 1, 1}, Signed{1});
        std::vector<std::string> inputs(op == "MatMulInteger" ? 2 : 4);
        inputs.front() = "x";
        inputs.back() = "w";
        builder.node(op.toStdString(), inputs, {"y"}, node.toStdString());
        QCOMPARE(test::recoverOnnxBytes(builder.model()).layers.at(0).name, layer.toStdString());
    }

    /// Packed weights whose codes are not decoded are listed and said, never shown as the bytes that they are.
    void listedOnly()
    {
        OnnxBuilder builder;
        builder.input("x").output("y");
        builder.node("MatMulBnb4", {"x", "w", "s"}, {"m"}, "bnb", kMicrosoft);
        builder.node("QMoE", {"m", "m", "e", "s"}, {"y"}, "moe", kMicrosoft);
        builder.tensor("w", {4, 1}, Bytes{1, 2, 3, 4}).tensor("e", {1, 2, 2}, Bytes{1, 2, 3, 4});
        builder.tensor("s", {2}, Floats{1, 2});
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(layersText(network), std::string("bnb Linear\n  weight: unknown\nmoe QMoE\n  weight: unknown\n"));
        QCOMPARE(textsOf(network, "dialect-not-decoded"),
            std::vector<std::string>{"Quantizers written as MatMulBnb4, QMoE are listed, but not decoded yet."});
    }
};

QTEST_APPLESS_MAIN(TestQOperators)
#include "tst_qoperators.moc"
