// The networks have members called slots.
#include "support/rule_sample.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;
using namespace Qt::StringLiterals;
using Sample = RuleSample;

namespace {

const std::vector<RuleCase> &ruleCases()
{
    using enum Target;
    static const std::vector<RuleCase> cases = {
        {"clean for FINN", Finn, {}, {}},
        {"clean for hls4ml", Hls4ml, {}, {}},
        {"clean for ONNX runtimes", Onnx, {}, {}},
        {"clean for HLS", Hls, {}, {}},
        {"PyTorch reads unsigned activations", PyTorch, {}, {u"note signedness q act"_s}},
        {"the DPU has other words", Dpu, {},
            {u"error bit-width c bias"_s, u"error signedness r act"_s, u"warning bias-scale-external c bias"_s,
                u"note rounding-mode q act"_s, u"note rounding-mode r act"_s}},
        {"clean for the DPU", Dpu,
            [](Sample &s) {
                s.setBias(biasQuantizer(8, 0x1p-7f));
                s.relu().isSigned = true;
                s.relu().rounding = s.input().rounding = Rounding::Dpu;
            },
            {}},
        {"FINN: zero point", Finn, [](Sample &s) { s.weight().zeroPoint->values = {3.0f}; },
            {u"error zero-point c weight"_s}},
        {"FINN: a scale for each output channel", Finn,
            [](Sample &s) {
                setSeveralScales(s.weight(), 0);
                s.floatBias();
            },
            {u"note bias-float c bias"_s}},
        {"FINN: a scale for each input channel", Finn,
            [](Sample &s) {
                setSeveralScales(s.weight(), 1);
                s.floatBias();
            },
            {u"error scale-per-channel c weight"_s, u"note bias-float c bias"_s}},
        {"FINN: unsigned without a ReLU", Finn, [](Sample &s) { s.input().isSigned = false; },
            {u"error signedness q act"_s}},
        {"FINN: unsigned, as far as a state_dict tells", Finn,
            [](Sample &s) {
                s.input().isSigned = false;
                s.layer("q").kindAssumed = true;
            },
            {}},
        {"FINN: signed ReLU", Finn, [](Sample &s) { s.relu().isSigned = true; }, {u"error signedness r act"_s}},
        {"FINN: narrow ReLU", Finn, [](Sample &s) { s.relu().narrow = true; }, {u"error narrow-range r act"_s}},
        {"FINN: sigmoid", Finn, [](Sample &s) { s.layer("r").kind = "Sigmoid"; }, {u"error activation-kind r act"_s}},
        {"FINN: wide activation", Finn, [](Sample &s) { s.relu().bitWidth = 9; }, {u"warning bit-width r act"_s}},
        {"FINN: wide weight", Finn, [](Sample &s) { s.weight().bitWidth = 9; }, {u"note bit-width c weight"_s}},
        {"FINN: the most negative weight", Finn,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                values[0] = -1.0f;
                s.weights(values);
                s.weight().narrow = false;
            },
            {u"warning narrow-range c weight"_s}},
        {"FINN: bipolar", Finn,
            [](Sample &s) {
                s.input() = binary(0.5f);
                s.floatBias();
            },
            {u"error bipolar-scale q act"_s, u"note bias-float c bias"_s}},
        {"FINN: bipolar of scale 1", Finn,
            [](Sample &s) {
                s.input() = binary(1.0f);
                s.floatBias();
            },
            {u"note bias-float c bias"_s}},
        {"FINN: rounding", Finn, [](Sample &s) { s.relu().rounding = Rounding::Floor; },
            {u"error rounding-mode r act"_s}},
        {"FINN: float bias", Finn, [](Sample &s) { s.floatBias(); }, {u"note bias-float c bias"_s}},
        {"FINN: bias scale of its own", Finn, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            {u"warning bias-scale-internal c bias"_s}},
        {"FINN: float weight", Finn,
            [](Sample &s) {
                s.slot("c", Slot::Weight).quantizer.reset();
                s.floatBias();
            },
            {u"warning weight-float c weight"_s}},
        {"FINN: minifloat", Finn,
            [](Sample &s) {
                s.input() = minifloat();
                s.floatBias();
            },
            {u"error quantizer-kind q act"_s, u"note bias-float c bias"_s}},
        {"FINN: QCDQ", Finn, [](Sample &s) { s.network.dialect = Dialect::Qcdq; }, {u"error dialect"_s}},
        {"FINN: QONNX", Finn, [](Sample &s) { s.network.dialect = Dialect::Qonnx; }, {}},

        {"hls4ml: QDQ", Hls4ml, [](Sample &s) { s.network.dialect = Dialect::Qdq; }, {u"error dialect"_s}},
        {"hls4ml: QONNX", Hls4ml, [](Sample &s) { s.network.dialect = Dialect::Qonnx; }, {}},
        {"hls4ml: swapped attributes", Hls4ml,
            [](Sample &s) { s.say("qonnx-signed-narrow-swapped", Severity::Warning, "swapped"); },
            {u"error dialect"_s, u"warning dialect"_s}},
        {"hls4ml: raw weights", Hls4ml, [](Sample &s) { s.say("qonnx-raw-weights", Severity::Warning, "raw"); },
            {u"warning dialect"_s}},
        {"hls4ml: rounding up", Hls4ml, [](Sample &s) { s.relu().rounding = Rounding::Ceil; },
            {u"error rounding-mode r act"_s}},
        {"hls4ml: rounding down", Hls4ml, [](Sample &s) { s.relu().rounding = Rounding::Floor; }, {}},
        {"hls4ml: narrow and unsigned", Hls4ml, [](Sample &s) { s.relu().narrow = true; },
            {u"error narrow-range r act"_s}},
        {"hls4ml: float scale", Hls4ml, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            {u"warning scale-not-power-of-two r act"_s}},
        {"hls4ml: zero point", Hls4ml, [](Sample &s) { s.relu().zeroPoint->values = {7.0f}; },
            {u"warning zero-point r act"_s}},
        {"hls4ml: scales of channels", Hls4ml,
            [](Sample &s) {
                setSeveralScales(s.weight(), 0);
                s.floatBias();
            },
            {u"warning scale-per-channel c weight"_s, u"note bias-float c bias"_s}},
        {"hls4ml: minifloat", Hls4ml, [](Sample &s) { s.relu() = minifloat(); }, {u"error quantizer-kind r act"_s}},
        {"hls4ml: float weight", Hls4ml,
            [](Sample &s) {
                s.slot("c", Slot::Weight).quantizer.reset();
                s.floatBias();
            },
            {u"warning weight-float c weight"_s}},

        {"ONNX: QONNX", Onnx, [](Sample &s) { s.network.dialect = Dialect::Qonnx; }, {u"error dialect"_s}},
        {"ONNX: QCDQ", Onnx, [](Sample &s) { s.network.dialect = Dialect::Qcdq; }, {}},
        {"ONNX: binary", Onnx,
            [](Sample &s) {
                s.input() = binary(1.0f);
                s.floatBias();
            },
            {u"error quantizer-kind q act"_s, u"note bias-float c bias"_s}},
        {"ONNX: ten bits", Onnx, [](Sample &s) { s.relu().bitWidth = 10; }, {u"error bit-width r act"_s}},
        {"ONNX: ten bits that a file says", Onnx,
            [](Sample &s) {
                s.relu().bitWidth = 10;
                s.network.dialect = Dialect::Qdq;
            },
            {}},
        {"ONNX: wide bias", Onnx, [](Sample &s) { s.bias().bitWidth = 40; }, {u"error bit-width c bias"_s}},
        {"ONNX: bias with a zero point", Onnx, [](Sample &s) { s.bias().zeroPoint->values = {1.0f}; },
            {u"error zero-point c bias"_s}},
        {"ONNX: zero point that is no integer", Onnx, [](Sample &s) { s.relu().zeroPoint->values = {1.5f}; },
            {u"error zero-point r act"_s}},
        {"ONNX: zero point", Onnx, [](Sample &s) { s.relu().zeroPoint->values = {7.0f}; }, {}},
        {"ONNX: rounding", Onnx, [](Sample &s) { s.relu().rounding = Rounding::Floor; },
            {u"error rounding-mode r act"_s}},
        {"ONNX: bias scale of its own", Onnx, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            {u"warning bias-scale-internal c bias"_s}},
        {"ONNX: float bias", Onnx, [](Sample &s) { s.floatBias(); }, {u"note bias-float c bias"_s}},
        {"ONNX: blocks", Onnx, [](Sample &s) { s.relu().blockSize = 32; }, {u"warning scale-per-channel r act"_s}},

        {"PyTorch: unsigned input", PyTorch, [](Sample &s) { s.input().isSigned = false; }, {}},
        {"PyTorch: nine bits", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.relu().bitWidth = 9;
            },
            {u"error bit-width r act"_s}},
        {"PyTorch: unsigned weight", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.weight().isSigned = false;
                s.weight().narrow = false;
            },
            {u"warning saturated c weight"_s, u"warning dead-channel c weight"_s, u"warning signedness c weight"_s}},
        {"PyTorch: rounding", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.relu().rounding = Rounding::Ceil;
            },
            {u"error rounding-mode r act"_s}},
        {"PyTorch: float scale", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.relu().scale->values = {0.03f};
            },
            {u"note reciprocal-scale r act"_s}},
        {"PyTorch: bias scale of its own", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.setBias(biasQuantizer(16, 0x1p-12f));
            },
            {u"warning bias-scale-internal c bias"_s}},
        {"PyTorch: binary", PyTorch,
            [](Sample &s) {
                s.input() = binary(1.0f);
                s.floatBias();
            },
            {u"error quantizer-kind q act"_s}},

        {"HLS: float scale", Hls, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            {u"warning scale-not-power-of-two r act"_s}},
        {"HLS: fractional bits of channels", Hls,
            [](Sample &s) {
                setSeveralScales(s.weight(), 0);
                s.floatBias();
            },
            {u"warning scale-per-channel c weight"_s, u"warning bias-float c bias"_s}},
        {"HLS: zero point", Hls, [](Sample &s) { s.relu().zeroPoint->values = {7.0f}; },
            {u"warning zero-point r act"_s}},
        {"HLS: rounding up", Hls, [](Sample &s) { s.relu().rounding = Rounding::Ceil; },
            {u"warning rounding-mode r act"_s}},
        {"HLS: rounding down", Hls, [](Sample &s) { s.relu().rounding = Rounding::Floor; }, {}},
        {"HLS: bias scale of its own", Hls, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            {u"note bias-scale-internal c bias"_s}},
        {"HLS: minifloat", Hls, [](Sample &s) { s.relu() = minifloat(); }, {u"error quantizer-kind r act"_s}},
        {"HLS: float weight", Hls,
            [](Sample &s) {
                s.slot("c", Slot::Weight).quantizer.reset();
                s.floatBias();
            },
            {u"warning weight-float c weight"_s}},
    };
    return cases;
}

const QString kDpuLayers = u"q=i8 2^-6; c; r=i8 2^-5"_s;

} // namespace

/// Of each target every rule where it speaks and where it does not.
class TestTargetRules : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofSlots_data() { test::addRuleCases(ruleCases()); }
    void ofSlots() { test::compareRuleCase(ruleCases()); }

    void ofTheDpu_data()
    {
        QTest::addColumn<int>("output");
        QTest::addColumn<int>("bias");
        QTest::addColumn<QStringList>("texts");
        // weight 7 and input 6 of bits behind the point: shift_cut = 13 - output, shift_bias = 13 - bias
        const QString cut = u"c: shift_cut is 17, and the DPU has 0 to 16: its compiler stops there; move the position "
                            u"of its weight or of its output"_s,
                      bias = u"c: shift_bias is 16, and the DPU has %1 to 15: its compiler stops there; move the "
                             u"position of its bias"_s;
        QTest::newRow("fits") << 5 << 7 << QStringList{};
        QTest::newRow("shift_cut 17") << -4 << 7 << QStringList{cut};
        QTest::newRow("shift_bias 16") << 5 << -3 << QStringList{bias.arg(-8)};
        QTest::newRow("both") << -4 << -3 << QStringList{cut, bias.arg(0)};
    }

    void ofTheDpu()
    {
        QFETCH(int, output);
        QFETCH(int, bias);
        Sample sample(kDpuLayers);
        sample.setBias(biasQuantizer(8, std::ldexp(1.0f, -bias)));
        sample.relu().scale->values = {std::ldexp(1.0f, -output)};
        sample.relu().rounding = sample.input().rounding = Rounding::Dpu;
        QStringList texts;
        for (const Finding &finding : checked(sample.network, Target::Dpu).findings)
            if (finding.rule == "shift-range") {
                QVERIFY(finding.severity == Severity::Error);
                texts << QString::fromStdString(finding.text + "; " + finding.fix);
            }
        QTEST(texts, "texts");
    }

    void inputsThatAreFloat()
    {
        const Sample sample(u"c"_s, u"x > c"_s), quantized;
        for (const Target target : {Target::Finn, Target::Hls, Target::Dpu}) {
            QVERIFY(findingsOf(sample.network, target).contains(u"warning input-float c"_s));
            QVERIFY(!findingsOf(quantized.network, target).contains(u"warning input-float c"_s));
        }
    }

    void operatorsOfHls4ml()
    {
        Sample sample(u"q=i8 2^-6; c; r=u8 2^-5"_s,
            u"x > q > keep.Flatten > c > a.Erf > r > keep.Slice > y; a.Erf > b.Erf > y"_s);
        QCOMPARE(findingsOf(sample.network, Target::Hls4ml), QStringList()); // a checkpoint's graph is another file's
        sample.network.dialect = Dialect::Qonnx;
        const CheckResult result = check(*inspect(std::make_shared<const Network>(sample.network)), Target::Hls4ml);
        QStringList texts;
        for (const Finding &finding : result.findings)
            texts << QString::fromStdString(finding.rule + ": " + finding.text);
        QCOMPARE(texts,
            QStringList({u"operator-unsupported: hls4ml does not read Erf: 2 of them, a.Erf first"_s,
                u"operator-unsupported: hls4ml does not read Slice: 1 of them, keep.Slice first"_s}));
    }

    /// What has no hardware is said with its first; at the end of the network it is the host's anyway.
    void operatorsOfTheHost()
    {
        const QString layers = u"q=i8 2^-6; c; r=u8 2^-5"_s;
        const Sample sample(layers, u"x > q > c > a.Erf > b.leaky_relu_ > r > c.Erf > e.Add > d.Softmax > y"_s);
        const auto said = [&](Target target) {
            QStringList texts;
            for (const Finding &finding :
                check(*inspect(std::make_shared<const Network>(sample.network)), target).findings)
                if (finding.rule == "operator-unsupported")
                    texts << QString::fromUtf8(severityName(finding.severity)) + u' '
                            + QString::fromStdString(finding.text);
            return texts;
        };
        QCOMPARE(said(Target::Finn),
            (QStringList{u"warning FINN has no hardware for Erf: 2 of them, a.Erf first"_s,
                u"warning FINN has no hardware for leaky_relu_: 1 of them, b.leaky_relu_ first"_s}));
        QCOMPARE(said(Target::Dpu),
            QStringList{u"warning the compiler leaves to the CPU, and cuts the network there: Erf: 2 of them, a.Erf "
                        "first"_s});
        QCOMPARE(said(Target::PyTorch), QStringList());
    }

    /// What FINN made itself it does not convert again.
    void ofFinnItself()
    {
        Sample sample;
        sample.network.dialect = Dialect::Finn;
        sample.input().isSigned = false;
        sample.relu().narrow = true;
        sample.floatBias();
        QCOMPARE(findingsOf(sample.network, Target::Finn), QStringList());
    }
};

QTEST_APPLESS_MAIN(TestTargetRules)
#include "tst_target_rules.moc"
