// The networks have members called slots.

#include "support/graph_network.h"
#include "support/slot_text.h"

#include <QtTest>

using namespace quantscope;
using namespace Qt::StringLiterals;
using test::networkOf;

namespace {

template <class T> QString numbers(const std::vector<T> &values)
{
    QStringList out;
    for (const T value : values)
        out << QString::number(value);
    return out.join(u' ');
}

/// What is shown of one slot, with its codes and values, or its formula where it has no tensor; else what is said.
QString shown(const Network &network, const char *layer, Slot slot)
{
    const Layer *found = network.layer(layer);
    const SlotQuantizer *quantized = found == nullptr ? nullptr : found->slot(slot);
    if (quantized == nullptr)
        return u"no slot"_s;
    if (!quantized->quantizer || !quantized->quantizer->scale)
        for (const Diagnostic &d : network.diagnostics)
            if (d.severity != Severity::Note)
                return QString::fromStdString(d.text);
    QString out = QString::fromStdString(test::slotText(*quantized));
    if (quantized->tensor == nullptr)
        return out + u"; "_s + QString::fromStdString(quantized->formula).replace(u'\n', u"; "_s);
    return out + u"; codes "_s + numbers(test::codesOf(*quantized)) + u"; values "_s
        + numbers(test::valuesOf(*quantized));
}

} // namespace

/// What small graphs say of one quantizer each, in forms that no exporter of the corpus writes. Truth: onnx
/// Operators.md, qonnx custom_op/general, worked by hand.
class TestDecode : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void weights_data()
    {
        QTest::addColumn<QString>("graph");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const char *graph, const char *expected) {
            QTest::newRow(title) << QString::fromUtf8(graph) + u"; y = MatMul(x, d) @l"_s << QString(expected);
        };
        const char *unknown = "The quantizer of l (weight) is not known: ";
        row("a cast that wraps codes",
            "w = f32[1,3] -0.5,0.5,1; s = f32 0.5; z = i8 0; q = QuantizeLinear(w, s, z); c = Cast(q) to=2; "
            "d = DequantizeLinear(c, s)",
            "uint8 scale 0.5, zero 0; codes 255 1 2; values 127.5 0.5 1");
        row("a cast that holds codes",
            "w = f32[1,3] -0.5,0.5,1; s = f32 0.5; z = i8 0; i = i32 0; q = QuantizeLinear(w, s, z); c = Cast(q) to=6; "
            "d = DequantizeLinear(c, s, i)",
            "int8 scale 0.5, zero 0; codes -1 1 2; values -0.5 0.5 1");
        row("stored codes cast to the type of a zero point",
            "w = u8[1,3] 200,3,0; s = f32 0.5; i = i32 0; c = Cast(w) to=6; d = DequantizeLinear(c, s, i)",
            "uint8 scale 0.5, zero 0; codes 200 3 0; values 100 1.5 0");
        row("one zero point for all before, one a channel behind",
            "w = f32[1,3] 1,2,3; s = f32 0.5; z = i8 7; t = f32[3] 1,2,3; k = i8[3] 7; q = QuantizeLinear(w, s, z); "
            "d = DequantizeLinear(q, t, k)",
            "int8 scale @1 1 2 3, zero @1 7 7 7; codes 9 11 13; values 2 8 18");
        row("another zero point behind",
            "w = f32[1,3] 1,2,3; s = f32 0.5; z = i8 7; k = i8 3; q = QuantizeLinear(w, s, z); "
            "d = DequantizeLinear(q, s, k)",
            "The quantizer of l (weight) is not known: its Clip and zero points do not describe one range of codes.");
        row("learned rounding of quantized weights",
            "w = f32[1,3] -1,0.5,1; s = f32 0.5; z = f32 0; b = f32 4; "
            "d = qonnx.custom_op.general:Quant(w, s, z, b) rounding_mode=LEARNED_ROUND @qn",
            "int4 scale 0.5, zero 0; codes -2 1 2; values -1 0.5 1");
        row("learned rounding of floats",
            "w = f32[1,3] -1,0.75,1; s = f32 0.5; z = f32 0; b = f32 4; "
            "d = qonnx.custom_op.general:Quant(w, s, z, b) rounding_mode=LEARNED_ROUND @qn",
            (std::string(unknown)
                + "Quant node qn rounds as it was learned, and the file does not hold what was learned.")
                .c_str());
        row("clipped between codes",
            "w = f32[1,3] -2,1,3; s = f32 1; lo = f32 -1.5; hi = f32 1.5; a = Div(w, s); r = Round(a) @round; "
            "c = Clip(r, lo, hi); d = Mul(c, s)",
            (std::string(unknown)
                + "Round node round stands between the stored weight and its layer, and its codes are clipped to "
                  "-1.5..1.5, which are no whole numbers.")
                .c_str());
        row("moved between codes",
            "w = f32[1,3] -2,1,3; s = f32 1; h = f32 0.5; lo = f32 -4; hi = f32 3; a = Div(w, s); r = Round(a) @round; "
            "m = Add(r, h); c = Clip(m, lo, hi); u = Sub(c, h); d = Mul(u, s)",
            (std::string(unknown)
                + "Round node round stands between the stored weight and its layer, and -1.5 is not a whole number.")
                .c_str());
    }
    void weights()
    {
        QFETCH(QString, graph);
        QTEST(shown(networkOf(graph), "l", Slot::Weight), "expected");
    }

    void activations_data()
    {
        QTest::addColumn<QString>("graph");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const char *graph, const char *expected) {
            QTest::newRow(title) << QString::fromUtf8(graph) << QString(expected);
        };
        const auto coded = [&](const char *title, const char *between, const char *expected) {
            QTest::newRow(title) << u"s = f32 0.5; t = f32 2; z = i8 0; k = i8 3; lo = i8 -5; hi = i8 10; q = "
                                    "QuantizeLinear(x, s, z) @l; "_s
                    + QString::fromUtf8(between)
                                 << QString(expected);
        };
        coded("two scales", "y = DequantizeLinear(q, t, z)",
            "int8 scale 2, zero 0; value = code * 2; code = clamp(round(x / 0.5) + 0, -128, 127)");
        coded("two zero points", "y = DequantizeLinear(q, s, k) @dq",
            "The quantizer of l (act) is not known: QuantizeLinear node l and DequantizeLinear node dq have different "
            "zero points.");
        coded("a Clip that is no width's", "c = Clip(q, lo, hi); y = DequantizeLinear(c, s, z)",
            "int5 scale 0.5, zero 0; value = code * 0.5; code = clamp(round(x / 0.5) + 0, -5, 10)");
        coded("a cast that wraps codes", "c = Cast(q) to=2; y = DequantizeLinear(c, t)",
            "int8 scale 0.5, zero 0; value = code * 0.5; code = clamp(round(x / 0.5) + 0, -128, 127)");
        coded("a cast that holds codes", "c = Cast(q) to=6; y = DequantizeLinear(c, t)",
            "int8 scale 2, zero 0; value = code * 2; code = clamp(round(x / 0.5) + 0, -128, 127)");
        const QString fake = u"s = f32 0.5; lo = f32 -3; hi = f32 5; part = f32 -2.5; a = Div(x, s); r = Round(a); "_s;
        QTest::newRow("clipped to no width's range")
            << fake + u"c = Clip(r, lo, hi); y = Mul(c, s) @l"_s
            << u"int4 scale 0.5, zero 0; value = code * 0.5; code = clamp(round(x / 0.5 + 0), -3, 5)"_s;
        QTest::newRow("clipped between codes")
            << fake + u"c = Clip(r, part, hi); y = Mul(c, s) @l"_s
            << u"The quantizer of l (act) is not known: its codes are clipped to -2.5..5, which are no whole numbers."_s;
        const char *truncation = "s = f32 0.5; z = f32 4; b = f32 8; o = f32 4; t = f32 8; n = f32 0\n"
                                 "q = qonnx.custom_op.general:Quant(x, s, z, b) signed=0 @q\n";
        row("Trunc of version 1",
            (truncation + std::string("y = qonnx.custom_op.general:Trunc(q, s, z, b, o) rounding_mode=CEIL @l"))
                .c_str(),
            "uint4 scale 0.5, zero 4; value = (code - 4) * 0.5; code = ceil(round(x / 0.5 + 4) / 2^4)");
        row("Trunc of version 2",
            (truncation + std::string("y = qonnx.custom_op.general:Trunc(q, s, z, b, t, o) signed=0 @l")).c_str(),
            "uint4 scale 8, zero 0.25; value = (code - 0.25) * 8; code = floor(clamp(round(x / 0.5 + 4) / 2^4, 0, "
            "15))");
        row("Trunc of version 2 whose scale the network computes",
            (truncation + std::string("y = qonnx.custom_op.general:Trunc(q, v, n, b, t, o) narrow=1 @l")).c_str(),
            "int4 scale 8, zero 0; value = code * 8; code = floor(clamp(round(x / scale + 0) / 2^dropped, -7, 7))");
        row("Trunc whose zero point follows from a scale that the network computes",
            (truncation + std::string("y = qonnx.custom_op.general:Trunc(q, v, z, b, t, o) @l")).c_str(),
            "The quantizer of l (trunc) is not known: Trunc node l divides its zero point by the ratio of two scales, "
            "which are not one constant each.");
        row("Trunc that rounds as it was learned",
            (truncation
                + std::string("y = qonnx.custom_op.general:Trunc(q, s, z, b, o) rounding_mode=LEARNED_ROUND @l"))
                .c_str(),
            "The quantizer of l (trunc) is not known: the rounding mode 'LEARNED_ROUND' is not known.");
    }
    void activations()
    {
        QFETCH(QString, graph);
        const Network network = networkOf(graph);
        const bool truncates = network.layer("l") != nullptr && network.layer("l")->slot(Slot::Trunc) != nullptr;
        QTEST(shown(network, "l", truncates ? Slot::Trunc : Slot::Act), "expected");
    }

    /// Which of several numbers is the scale of a weight nothing tells, unless it stands beside that of the input.
    void numbersBehind_data()
    {
        QTest::addColumn<QString>("products");
        QTest::addColumn<QString>("expected");
        const QString shown = u"int8 scale 0.25, zero 0; codes 1 2; values 0.25 0.5"_s;
        const QString unknown
            = u"The scale of mm (weight) is not known: 2 constants multiply its integers, and nothing "
              "tells the weight's scale from the others."_s;
        QTest::newRow("beside that of the input") << u"m = Mul(xs, ws); y = Mul(f, m)"_s << shown;
        QTest::newRow("beside it, another behind") << u"m = Mul(xs, ws); p = Mul(f, m); y = Mul(p, c)"_s << shown;
        QTest::newRow("one by one") << u"m = Mul(f, xs); y = Mul(m, ws)"_s << shown;
        QTest::newRow("another behind") << u"m = Mul(f, xs); p = Mul(m, ws); y = Mul(p, c)"_s << unknown;
        QTest::newRow("another before") << u"m = Mul(f, c); p = Mul(m, xs); y = Mul(p, ws)"_s << unknown;
    }
    void numbersBehind()
    {
        QFETCH(QString, products);
        const Network network
            = networkOf(u"w = i8[2,1] 1,2; ws = f32 0.25; c = f32 2; q, xs, z = "
                        "DynamicQuantizeLinear(x); a = MatMulInteger(q, w, z) @mm; f = Cast(a) to=1; "_s
                + products);
        QTEST(shown(network, "mm", Slot::Weight), "expected");
    }

    /// Scales are aligned at their ends with what they divide, where the file tells how many axes that has.
    void axesOfActivations_data()
    {
        QTest::addColumn<int>("rank");
        QTest::addColumn<int>("axis");
        QTest::newRow("not told") << 0 << 0;
        QTest::newRow("batch, channels, height, width") << 4 << 1;
        QTest::newRow("as many as the scale has") << 3 << 0;
    }
    void axesOfActivations()
    {
        QFETCH(int, rank);
        auto file = std::make_shared<ModelFile>(*test::GraphText(u"s = f32[2,1,1] 1,2; z = f32 0; b = f32 4; y = "
                                                                 "qonnx.custom_op.general:Quant(x, s, z, b) @l"_s)
                                                     .file());
        if (rank > 0)
            file->graph->values[file->graph->inputs.front()].rank = static_cast<std::size_t>(rank);
        Network network = listOnnx(file);
        recoverOnnx(network, {});
        const Granular &scale = *network.layer("l")->slot(Slot::Act)->quantizer->scale;
        QTEST(scale.axis.value_or(-1), "axis");
        QCOMPARE(scale.shape.size(), static_cast<std::size_t>(std::max(rank, 3)));
    }

    /// numpy: 97 * float16(0.1) is 9.69763 in float32, 9.6953125 in float16.
    void valuesOfFloat16()
    {
        const Network network
            = networkOf(u"w = i8[1,1] 97; s = f16 0.1; d = DequantizeLinear(w, s) @dq; y = MatMul(x, d) @l"_s);
        QCOMPARE(shown(network, "l", Slot::Weight), u"int8 scale 0.0999756, zero 0; codes 97; values 9.69763"_s);
        QCOMPARE(network.layer("l")->slot(Slot::Weight)->quantizer->origin.at("scale").text(),
            std::string(
                "read: DequantizeLinear node dq, input 1: the network rounds each value to float16, which these "
                "are not"));
    }
};

QTEST_APPLESS_MAIN(TestDecode)
#include "tst_decode.moc"
