// The networks have members called slots.

#include "network/feeds.h"
#include "support/graph_network.h"
#include "support/join_text.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <QtTest>

#include <algorithm>
#include <filesystem>

using namespace quantscope;
using namespace Qt::StringLiterals;
using test::networkOf;

namespace {

QString slotText(const Network &network, const SlotId &id)
{
    return QString::fromStdString(network.layer(id.layer).name) + u'.' + QString::fromUtf8(slotName(id.slot));
}

/// What arrives at the network's first output.
QString atOutput(const Network &network)
{
    const Arrivals arrivals(network);
    for (std::size_t at = 0; at < network.flow.nodes().size(); ++at)
        if (network.flow.nodes()[at].kind == FlowNode::Kind::Output)
            return test::arrivalText(network, arrivals.into(static_cast<FlowNodeId>(at)).front(), slotText);
    return u"no output"_s;
}

QStringList joinTexts(const Network &network) { return test::joinTexts(network, slotText); }

const QString kConstants = u"s = f32 0.5; z = f32 0; half = f32 0.25; b = f32 8; zu = u8 3; zero = f32 0; one = f32 1; "
                           "neg = i64 -1; big = f32 1e9; t = i64 1\n"_s;
const QString kQuant = u"q = qonnx.custom_op.general:Quant(x, s, z, b) signed=0 narrow=0 @/q/act_quant/Quant\n"_s;

} // namespace

class TestValueUses : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// One quantizer q of x, operators behind it, and what arrives at y.
    void operators_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("arriving");
        const auto row = [](const char *text, const char *arriving = "q.act") {
            QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(arriving);
        };
        for (const char *kept : {"Identity(q)", "Reshape(q, neg)", "Flatten(q)", "Transpose(q)", "Squeeze(q)",
                 "Unsqueeze(q, neg)", "MaxPool(q)", "GlobalMaxPool(q)", "Slice(q, neg, neg)", "Split(q)", "Dropout(q)",
                 "Pad(q, neg)", "Pad(q, neg, zero)", "Pad(q, neg) mode=reflect", "Resize(q, -, s) mode=nearest",
                 "Upsample(q, s)", "DepthToSpace(q)", "SpaceToDepth(q)", "Gather(q, neg)", "Expand(q, neg)",
                 "Tile(q, neg)", "ReduceMax(q)", "TopK(q, neg)", "Cast(q) to=1", "Concat(q, q)", "Max(q, q)",
                 "Where(c, q, q)", "Dropout(q, s, zero)", "qonnx.custom_op.channels_last:MaxPool(q)"})
            row(kept);
        for (const char *changed : {"Relu(q)", "Add(q, q)", "Mul(q, s)", "Clip(q, z, s)", "AveragePool(q)",
                 "Sigmoid(q)", "Pad(q, neg, one)", "Resize(q, -, s) mode=linear", "Upsample(q, s) mode=linear",
                 "Resize(q, -, s) coordinate_transformation_mode=tf_crop_and_resize", "Cast(q) to=10", "Cast(q) to=7",
                 "Concat(q, s)", "Where(c, q, big)", "Max(q, z)", "Sub(q, q)", "Softmax(q)", "Concat(q, x)",
                 "Gather(x, q)", "Dropout(q, s, one)", "MatMul(q, q)"})
            row(changed, "plain");
        for (const char *unknown : {"com.acme:Swish(q)", "If(q)", "SequenceAt(q, neg)", "com.acme:MaxPool(q)"})
            row(unknown, "unknown");
    }

    void operators()
    {
        QFETCH(QString, text);
        QTEST(atOutput(networkOf(kConstants + kQuant + u"y = "_s + text)), "arriving");
    }

    /// Whole graphs; the output is y.
    void graphs_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("arriving");
        const auto row = [](const char *title, const char *text, const char *arriving) {
            QTest::newRow(title) << QString::fromUtf8(text) << QString::fromUtf8(arriving);
        };
        row("QuantizeLinear and DequantizeLinear", "q = QuantizeLinear(x, s, zu) @q; y = DequantizeLinear(q, s, zu)",
            "q.act");
        row("integers alone", "y = QuantizeLinear(x, s, zu) @q", "q.act");
        row("constants that are equal",
            "q = QuantizeLinear(x, s, zu) @q; s2 = f32 0.5; zu2 = u8 3; y = DequantizeLinear(q, s2, zu2)", "q.act");
        row("another scale", "q = QuantizeLinear(x, s, zu) @q; y = DequantizeLinear(q, half, zu)", "unknown");
        row("another zero point", "q = QuantizeLinear(x, s, zu) @q; y = DequantizeLinear(q, s)", "unknown");
        row("a zero point that is left out", "q = QuantizeLinear(x, s) @q; zz = u8 0; y = DequantizeLinear(q, s, zz)",
            "q.act");
        row("an operator between the halves",
            "q = QuantizeLinear(x, s, zu) @q; m = MaxPool(q); r = Reshape(m, neg); y = DequantizeLinear(r, s, zu)",
            "q.act");
        row("and another scale behind it",
            "q = QuantizeLinear(x, s, zu) @q; m = MaxPool(q); y = DequantizeLinear(m, half, zu)", "unknown");
        row("a cast between",
            "q = QuantizeLinear(x, s, zu) @q; m = Cast(q) to=6; n = Cast(m) to=2; "
            "y = DequantizeLinear(n, s, zu)",
            "q.act");
        row("a cast to numbers", "q = QuantizeLinear(x, s, zu) @q; y = Cast(q) to=1", "plain");
        row("Clip in the quantizer",
            "lo = u8 0; hi = u8 15; q = QuantizeLinear(x, s, zu) @q; m = Clip(q, lo, hi); "
            "y = DequantizeLinear(m, s, zu)",
            "q.act");
        row("integers of the network's input", "y = DequantizeLinear(x, s, zu)", "unknown");
        row("the second output is no values",
            "q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/Quant; m, y = MaxPool(q)", "unknown");
        row("every part of a Split", "q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/Quant; m, y = Split(q)",
            "q.act");
        row("a quantizer that is called twice",
            "q = onnx.brevitas:Quant(x, s, z, b) signed=0 @/q/act_quant/export_handler/Quant; "
            "y = onnx.brevitas:Quant(q, s, z, b) signed=0 @/q/act_quant/export_handler_1/Quant",
            "q.act");
        row("and has other numbers then",
            "q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/export_handler/Quant; "
            "y = onnx.brevitas:Quant(q, half, z, b) @/q/act_quant/export_handler_1/Quant",
            "unknown");
        row("or another sign",
            "q = onnx.brevitas:Quant(x, s, z, b) signed=0 @/q/act_quant/export_handler/Quant; "
            "y = onnx.brevitas:Quant(q, s, z, b) signed=1 @/q/act_quant/export_handler_1/Quant",
            "unknown");
        const QString codes = u"q = QuantizeLinear(x, s, zu) @q; w = i8[2,2,1,1] 3; ws = f32 0.25; zi = i8 0; "_s;
        const auto coded = [&](const char *title, const char *text, const char *arriving) {
            QTest::newRow(title) << codes + QString::fromUtf8(text) << QString::fromUtf8(arriving);
        };
        coded("an operator on codes",
            "c = QLinearConv(q, s, zu, w, ws, zi, half, zu) @conv; y = DequantizeLinear(c, half, zu)", "conv.output");
        coded("its codes", "c = QLinearConv(q, s, zu, w, ws, zi, half, zu) @conv; y = MaxPool(c)", "conv.output");
        coded("its codes turned back with the scale of what it reads",
            "c = QLinearConv(q, s, zu, w, ws, zi, half, zu) @conv; y = DequantizeLinear(c, s, zu)", "unknown");
        coded("a sum of codes",
            "a = QLinearAdd(q, s, zu, q, s, zu, half, zu) @add; m = Flatten(a); y = DequantizeLinear(m, half, zu)",
            "add.output");
        coded("sums of products", "c = ConvInteger(q, w) @conv; y = Cast(c) to=1", "plain");
        row("a scale that is computed", "a, y, c = DynamicQuantizeLinear(x) @dynamic", "unknown");
        row("a layer without a quantizer behind it",
            "w = f32[2,2] 0.5; q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/Quant; y = MatMul(q, w) @fc", "plain");
        row("what a loop was given at first",
            "q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/Quant; v <- q; y = MaxPool(v)", "unknown");
        row("a cycle", "q = onnx.brevitas:Quant(x, s, z, b) @/q/act_quant/Quant; a = Concat(q, y); y = MaxPool(a)",
            "unknown");
    }

    void graphs()
    {
        QFETCH(QString, text);
        QTEST(atOutput(networkOf(kConstants + text)), "arriving");
    }

    /// What the operator named c reads, by its quantizers.
    void inputs_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("quantizers");
        const QString codes = u"q = QuantizeLinear(x, s, zu) @q; r = QuantizeLinear(x, half, zu) @r; "_s;
        QTest::newRow("a weight on codes")
            << codes + u"w = i8[2,2,1,1] 3; zi = i8 0; y = QLinearConv(q, s, zu, w, s, zi, half, zu) @c"_s
            << u"c.input"_s;
        QTest::newRow("a sum on codes") << codes + u"y = QLinearAdd(q, s, zu, r, half, zu, half, zu) @c"_s
                                        << u"c.input r.act"_s;
        QTest::newRow("codes side by side")
            << codes + u"y = QLinearConcat(half, zu, q, s, zu, r, half, zu) @c"_s << u"c.input r.act"_s;
        QTest::newRow("floats") << codes + u"d = DequantizeLinear(q, s, zu); w = f32[2,2] 1; y = MatMul(d, w) @c"_s
                                << u"q.act"_s;
    }

    void inputs()
    {
        QFETCH(QString, text);
        const Network network = networkOf(kConstants + text);
        const Layer *layer = network.layer("c");
        QVERIFY(layer);
        QStringList found;
        for (const SlotId &slot : inputQuantizers(Arrivals(network), layer->id))
            found << slotText(network, slot);
        QTEST(found.join(u' '), "quantizers");
    }

    /// A constant p, quantized by itself, meets what q makes (u8, scale 0.5, zero point 0); it feeds nothing.
    void constants_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("joins");
        const auto row = [](const char *title, const char *text, const QStringList &joins) {
            QTest::newRow(title) << QString::fromUtf8(text) << joins;
        };
        const QString qonnx = u"p = onnx.brevitas:Quant(c, %1, %2, %3) signed=%4 narrow=0 @p; a = Add(q, p)"_s;
        const auto quant = [&](const char *title, const char *scale, const char *zero, const char *bits, int sign,
                               const char *join) {
            QTest::newRow(title) << qonnx.arg(scale).arg(zero).arg(bits).arg(sign)
                                 << QStringList{QString::fromUtf8(join)};
        };
        quant("agree", "s", "z", "b", 0, "Add: q.act p.weight");
        quant("scale", "half", "z", "b", 0, "Add: q.act p.weight | scale");
        quant("zero point", "s", "one", "b", 0, "Add: q.act p.weight | zero point");
        quant("bits", "s", "z", "four", 0, "Add: q.act p.weight | bits");
        quant("sign", "s", "z", "b", 1, "Add: q.act p.weight | sign");
        row("QuantizeLinear and DequantizeLinear",
            "k = QuantizeLinear(c, half, zu); p = DequantizeLinear(k, half, zu) @p; a = Sub(p, q)",
            {u"Sub: p.weight q.act | scale | zero point"_s});
        row("stored codes", "k = i8[1,2] 3; zi = i8 0; p = DequantizeLinear(k, s, zi) @p; a = Max(q, p)",
            {u"Max: q.act p.weight | sign"_s});
        row("through operators that keep it",
            "p = onnx.brevitas:Quant(c, half, z, b) signed=0 @p; r = Slice(p, neg, t); t2 = Transpose(r); a = Add(q, "
            "t2)",
            {u"Add: q.act p.weight | scale"_s});
        const QString two = u"s1 = f32[1,1] 0.5; s2 = f32[1,1] 0.25; both = Concat(s1, s2) axis=1; "
                            "p = onnx.brevitas:Quant(c, both, z, b) signed=0 @p; "_s;
        QTest::newRow("several scales") << two + u"a = Add(q, p)"_s << QStringList{u"Add: q.act p.weight | scale"_s};
        QTest::newRow("several scales that may have moved")
            << two + u"r = Slice(p, neg, t); a = Add(q, r)"_s << QStringList{u"Add: q.act unknown"_s};
        row("through one that does not", "p = onnx.brevitas:Quant(c, half, z, b) @p; r = Mul(p, s); a = Add(q, r)", {});
        row("not quantized", "a = Add(q, c)", {});
        row("side by side, then a sum",
            "p = onnx.brevitas:Quant(c, s, z, b) signed=0 @p; r = Concat(p, q); t2 = onnx.brevitas:Quant(c, half, z, "
            "b) "
            "signed=0 @t; a = Add(r, t2)",
            {u"Concat: p.weight q.act"_s, u"Add: q.act t.weight | scale"_s});
        row("side by side with one that is not quantized",
            "p = onnx.brevitas:Quant(c, s, z, b) signed=0 @p; r = Concat(p, q, c); a = Add(r, q)",
            {u"Concat: p.weight q.act"_s, u"Add: plain q.act"_s});
        row("nothing but constants",
            "p = onnx.brevitas:Quant(c, s, z, b) @p; r = onnx.brevitas:Quant(c, half, z, b) @r; m = Add(p, r); a = "
            "Add(q, m)",
            {});
    }

    void constants()
    {
        QFETCH(QString, text);
        const Network network = networkOf(kConstants + kQuant + u"c = f32[1,2] 3; four = f32 4; w = f32[2,2] 1\n"_s
            + text + u"; y = MatMul(a, w) @fc"_s);
        QTEST(joinTexts(network), "joins");
        QCOMPARE(fedByNames(network, network.layer("fc")->id), std::vector<std::string>{"q"});
        if (const Layer *constant = network.layer("p"))
            QCOMPARE(feedsNames(network, constant->id), std::vector<std::string>());
    }

    /// Rows that are picked of a quantized table are its values.
    void tables()
    {
        const Network network = networkOf(kConstants
            + u"t1 = f32[4,2] 1; t2 = f32[4,2] 1; p = onnx.brevitas:Quant(t1, s, z, b) @e1.weight_quant; r = "
              "onnx.brevitas:Quant(t2, half, z, b) @e2.weight_quant; a = Gather(p, x) @e1; c = Gather(r, x2) @e2; "
              "y = Add(a, c)"_s);
        QCOMPARE(joinTexts(network), QStringList{u"Add: e1.weight e2.weight | scale"_s});
        const Network positions = networkOf(kConstants + kQuant
            + u"t1 = f32[4,2] 1; ids = i64[2] 1; p = onnx.brevitas:Quant(t1, s, z, b) signed=0 @e1.weight_quant; "
              "a = Gather(p, ids) @e1; c = Concat(a, q); y = Add(c, q)"_s);
        QCOMPARE(joinTexts(positions), (QStringList{u"Concat: e1.weight q.act"_s, u"Add: e1.weight q.act"_s}));
    }

    /// What is said of a quantizer whose halves have two scales, and of formats that are not decoded.
    void said_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("said");
        const auto row = [](const char *title, const char *text, const QStringList &said) {
            QTest::newRow(title) << QString::fromUtf8(text) << said;
        };
        const QString two
            = u"The %1 of %2 has two scales: QuantizeLinear node q divides by 0.5, DequantizeLinear node d "
              "multiplies by 0.25, which is shown."_s;
        row("one scale", "q = QuantizeLinear(x, s, zu) @q; y = DequantizeLinear(q, s, zu) @d", {});
        row("two scales", "q = QuantizeLinear(x, s, zu) @q; y = DequantizeLinear(q, half, zu) @d",
            {two.arg(u"act"_s, u"q"_s)});
        row("two scales of a weight",
            "w = f32[2,2] 1; k = QuantizeLinear(w, s, zu) @q; v = DequantizeLinear(k, half, zu) @d; y = MatMul(x, v) "
            "@fc",
            {two.arg(u"weight"_s, u"fc"_s)});
        const QString listed = u"Quantizers written as %1 are listed, but not decoded yet."_s;
        row("microscaling floats",
            "y = com.amd.quark:MXQuantizeDequantize(x) axis=1 block_size=32 element_dtype=fp4_e2m1",
            {listed.arg(u"MXQuantizeDequantize (fp4_e2m1, blocks of 32)"_s)});
        row("block floats",
            "a = com.vai.quantize:BFPFixNeuron(x) bit_width=16 block_size=8 bfp_method=to_bfp; y = "
            "com.vai.quantize:MXFixNeuron(a)",
            {listed.arg(u"BFPFixNeuron (to_bfp, 16 bits, blocks of 8), MXFixNeuron"_s)});
    }

    void said()
    {
        QFETCH(QString, text);
        const Network network = networkOf(kConstants + text);
        QStringList said;
        for (const Diagnostic &diagnostic : network.diagnostics)
            said << QString::fromStdString(diagnostic.text);
        QTEST(said, "said");
    }

    /// Public files, as their nodes say (read with onnx's own classes): joins with the quantizers of their inputs.
    void joins_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QStringList>("joins");
        const QString real = QString::fromStdString(test::shared("corpus/real/onnx/"));
        QTest::newRow("tiny_unet") << real + u"tiny_unet_ch_last.onnx"_s
                                   << QStringList{u"Concat: Quant_90.act Quant_80.act"_s,
                                          u"Concat: Quant_96.act Quant_74.act"_s,
                                          u"Concat: Quant_102.act Quant_69.act"_s,
                                          u"Concat: Quant_108.act Quant_64.act"_s};
        QTest::newRow("residual_block") << real + u"residual_block_clean.onnx"_s << QStringList{u"Add: plain plain"_s};
        QTest::newRow("residual_testcase") << real + u"residual_testcase.onnx"_s << QStringList();
        for (const char *file : {"residual_add.qonnx.onnx", "residual_add.qcdq.onnx"})
            QTest::newRow(file) << QString::fromStdString(test::data("brevitas/0.10.2/" + std::string(file)))
                                << QStringList{u"Add: s.act s.act"_s};
    }

    void joins()
    {
        QFETCH(QString, path);
        QFETCH(QStringList, joins);
        if (!std::filesystem::exists(path.toStdString()))
            QSKIP("not on this machine");
        const Network network = test::recoverOnnxFile(path.toStdString());
        QCOMPARE(joinTexts(network), joins);
    }
};

QTEST_GUILESS_MAIN(TestValueUses)
#include "tst_value_uses.moc"
