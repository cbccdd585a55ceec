// The networks have members called slots.
#include "checks/rule_table.h"
#include "report/inspect.h"
#include "support/flow_sketch.h"

#include <QtTest>

#include <functional>

using namespace quantscope;
using namespace Qt::StringLiterals;
using test::affine;
using test::FlowSketch;

namespace {

constexpr float kWeightStep = 0x1p-7f, kInputStep = 0x1p-6f;

const QString kChain = u"x > q > c > r > y"_s;

/// 12 weights of 4 output channels with the codes -127 to 127, on a grid of 2^-7.
std::vector<float> weightValues()
{
    std::vector<float> values;
    for (int i = 0; i < 12; ++i)
        values.push_back(static_cast<float>(i * 23 - 126) * kWeightStep);
    return values;
}

SlotQuantizer biasSlot(std::vector<float> values, std::optional<Quantizer> quantizer)
{
    SlotQuantizer slot
        = test::slotOf(values, {static_cast<std::int64_t>(values.size())}, quantizer.value_or(Quantizer{}));
    slot.slot = Slot::Bias;
    slot.quantizer = std::move(quantizer);
    return slot;
}

Quantizer biasQuantizer(int bits, float scale) { return affine(bits, true, false, {{}, {}, {scale}}); }

/// q quantizes the input, c is a convolution with weight and bias, r a ReLU with a quantizer.
struct Sample {
    explicit Sample(const QString &layers = u"q=i8 2^-6; c; r=u8 2^-5"_s, const QString &edges = kChain)
        : network(FlowSketch(layers, edges).network)
    {
        network.dialect = Dialect::BrevitasStateDict;
        network.file = std::make_shared<const ModelFile>();
        layer("c").kind = "Conv2d";
        layer("c").slots.push_back(
            test::slotOf(weightValues(), {4, 3, 1, 1}, affine(8, true, true, {{}, {}, {kWeightStep}})));
        layer("c").slots.push_back(
            biasSlot({0.5f, -0.25f, 0.125f, 0.75f}, biasQuantizer(16, kWeightStep * kInputStep)));
        if (network.layer("r") != nullptr)
            layer("r").kind = "ReLU";
    }

    Layer &layer(std::string_view name) { return *network.layer(name); }
    SlotQuantizer &slot(std::string_view name, Slot slot) { return *layer(name).slot(slot); }
    Quantizer &quantizer(std::string_view name, Slot of) { return *slot(name, of).quantizer; }
    Quantizer &weight() { return quantizer("c", Slot::Weight); }
    Quantizer &bias() { return quantizer("c", Slot::Bias); }
    Quantizer &input() { return quantizer("q", Slot::Act); }
    Quantizer &relu() { return quantizer("r", Slot::Act); }
    void setBias(Quantizer quantizer) { slot("c", Slot::Bias).quantizer = std::move(quantizer); }
    void floatBias() { slot("c", Slot::Bias).quantizer.reset(); }
    void weights(std::vector<float> values) { slot("c", Slot::Weight).tensor = floatTensor("w", {4, 3, 1, 1}, values); }
    void say(std::string rule, Severity severity, std::string text = {})
    {
        network.diagnostics.push_back({std::move(rule), severity, {}, std::move(text)});
    }

    Network network;
};

CheckResult checked(const Network &network, std::optional<Target> target)
{
    return check(*inspect(std::make_shared<const Network>(network), {.channels = true}), target);
}

/// "error zero-point c weight", worst first.
QStringList findingsOf(const Network &network, std::optional<Target> target)
{
    QStringList out;
    for (const Finding &finding : checked(network, target).findings) {
        QString line = QString::fromUtf8(severityName(finding.severity)) + u' ' + QString::fromStdString(finding.rule);
        if (finding.subject.layer)
            line += u' ' + QString::fromStdString(subjectName(network, finding.subject));
        if (finding.subject.slot)
            line += u' ' + QString::fromUtf8(slotName(*finding.subject.slot));
        out << line;
    }
    return out;
}

using Change = std::function<void(Sample &)>;

/// A change of the sample, and all that a target says of it then, beside what it says of the sample itself.
struct RuleCase {
    const char *name;
    std::optional<Target> target;
    Change change;
    QStringList findings;
};

void setSeveralScales(Quantizer &quantizer, int axis)
{
    quantizer.scale = Granular{axis == 0 ? Shape{4, 1, 1, 1} : Shape{1, 3, 1, 1}, axis,
        axis == 0 ? std::vector<float>{0x1p-7f, 0x1p-7f, 0x1p-8f, 0x1p-7f}
                  : std::vector<float>{0x1p-7f, 0x1p-8f, 0x1p-7f}};
}

Quantizer minifloat()
{
    Quantizer quantizer = affine(8, true, false, {{}, {}, {1.0f}});
    quantizer.kind = QuantizerKind::Minifloat;
    quantizer.rule = CodeRule::MinifloatPattern;
    quantizer.minifloat = {4, 3};
    return quantizer;
}

Quantizer binary(float scale)
{
    Quantizer quantizer = affine(1, true, false, {{}, {}, {scale}});
    quantizer.kind = QuantizerKind::Binary;
    quantizer.rule = CodeRule::Threshold;
    return quantizer;
}

const std::vector<RuleCase> &ruleCases()
{
    constexpr auto kNone = std::optional<Target>();
    using enum Target;
    static const std::vector<RuleCase> cases = {
        {"clean", kNone, {}, {}},
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

        {"8-bit bias on the grid of the sums", kNone, [](Sample &s) { s.bias().bitWidth = 8; },
            {u"warning bias-8bit c bias"_s, u"warning bias-saturated c bias"_s}},
        {"8-bit bias of its own", kNone, [](Sample &s) { s.setBias(biasQuantizer(8, 0x1p-7f)); }, {}},
        {"a bias at the ends of int32", kNone,
            [](Sample &s) { s.setBias(biasQuantizer(32, 0x1p-33f)); }, // 0.5 is 2^32 steps
            {u"error bias-int32-clip c bias"_s, u"warning bias-saturated c bias"_s}},
        {"a narrower bias that int32 would not hold", kNone, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-33f)); },
            {u"error bias-int32-clip c bias"_s, u"warning bias-saturated c bias"_s}},
        {"a bias below the ends", kNone, [](Sample &s) { s.setBias(biasQuantizer(32, 0x1p-30f)); }, {}},
        {"a bias of zeros under a power of two", kNone,
            [](Sample &s) {
                s.slot("c", Slot::Bias) = biasSlot({0, 0, 0, 0}, biasQuantizer(8, 7.8125e-13f));
                s.slot("c", Slot::Bias).preset = "Int8BiasPerTensorFixedPointInternalScaling";
                s.bias().origin["scale"] = {Origin::Computed, "abs-max"};
            },
            {u"warning all-zero c bias"_s}},
        {"a bias that needs an input", kNone,
            [](Sample &s) {
                s.floatBias();
                s.network.diagnostics.push_back(
                    {"input-unknown", Severity::Error, {s.layer("c").id, Slot::Bias}, "c bias: nothing says"});
            },
            {u"error bias-needs-input-scale c bias"_s}},
        {"a weight that needs an input", kNone,
            [](Sample &s) {
                s.network.diagnostics.push_back(
                    {"input-unknown", Severity::Error, {s.layer("c").id, Slot::Weight}, "c weight: nothing says"});
            },
            {u"error input-unknown c weight"_s}},
        {"a scale that is infinite", kNone,
            [](Sample &s) { s.input().scale->values = {-std::numeric_limits<float>::infinity()}; },
            {u"error not-finite q act"_s}},
        {"a scale below zero", kNone, [](Sample &s) { s.input().scale->values = {-1.0f}; },
            {u"error scale-not-positive q act"_s}},
        {"weights that are not finite", kNone,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                values[3] = std::numeric_limits<float>::quiet_NaN();
                s.weights(values);
            },
            {u"error not-finite c weight"_s}},
        {"a channel of zeros", kNone,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                std::fill_n(values.begin() + 3, 3, 0.0f);
                s.weights(values);
            },
            {u"warning dead-channel c weight"_s}},
        {"a preset that is no fixed point", kNone,
            [](Sample &s) {
                s.slot("c", Slot::Weight).preset = "Int8WeightPerChannelFixedPoint";
                s.weight().scale->values = {0.0078f};
            },
            {u"warning preset-name c weight"_s, u"warning scale-bias"_s}},
        {"a preset that is one", kNone,
            [](Sample &s) { s.slot("c", Slot::Weight).preset = "Int8WeightPerTensorFixedPoint"; }, {}},
        {"swapped attributes", kNone,
            [](Sample &s) { s.say("qonnx-signed-narrow-swapped", Severity::Warning, "swapped"); },
            {u"warning dialect"_s}},
        {"swapped attributes for FINN", Finn,
            [](Sample &s) { s.say("qonnx-signed-narrow-swapped", Severity::Warning, "swapped"); },
            {u"error dialect"_s, u"warning dialect"_s}},
        {"what was never calibrated", kNone,
            [](Sample &s) {
                s.network.diagnostics.push_back(
                    {"never-calibrated", Severity::Warning, {s.layer("q").id, Slot::Act}, "q act: never"});
            },
            {u"warning never-calibrated q act"_s}},

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
        {"FINN: wide weight", Finn, [](Sample &s) { s.weight().bitWidth = 9; },
            {u"note few-codes-used c weight"_s, u"note bit-width c weight"_s}},
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

class TestRules : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofSlots_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < ruleCases().size(); ++i)
            QTest::newRow(ruleCases()[i].name) << static_cast<int>(i);
    }

    void ofSlots()
    {
        QFETCH(int, index);
        const RuleCase &row = ruleCases()[static_cast<std::size_t>(index)];
        Sample sample;
        if (row.change)
            row.change(sample);
        QCOMPARE(findingsOf(sample.network, row.target), row.findings);
    }

    void ofTheDpu_data()
    {
        QTest::addColumn<int>("position");
        QTest::addColumn<QStringList>("findings");
        // weight 7 and input 6 of bits behind the point: shift_cut = 13 - output, shift_bias = 13 - bias
        QTest::newRow("fits") << 5 << QStringList{};
        QTest::newRow("shift_cut 17") << -4 << QStringList{u"error shift-range c weight"_s};
    }

    void ofTheDpu()
    {
        QFETCH(int, position);
        Sample sample(kDpuLayers);
        sample.setBias(biasQuantizer(8, 0x1p-7f));
        sample.relu().scale->values = {std::ldexp(1.0f, -position)};
        sample.relu().rounding = sample.input().rounding = Rounding::Dpu;
        QTEST(findingsOf(sample.network, Target::Dpu), "findings");
    }

    void ofTheFlow_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QStringList>("findings");
        const QString chain = u"q=i8 2^-6; c"_s, pair = u"q=i8 2^-6; s=i8 2^-5; c"_s,
                      equals = u"q=i8 2^-6; s=i8 2^-6; c"_s;
        QTest::newRow("kept") << chain << u"x > q > keep.Flatten > c"_s << QStringList{};
        QTest::newRow("a ReLU, which a graph cannot tell from nn.ReLU")
            << chain << u"x > q > a.Relu > keep.Flatten > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("a mean, whose scale the bias has")
            << chain << u"x > q > a.ReduceMean > c"_s << QStringList{u"error propagation-lost c"_s};
        QTest::newRow("the first of two operators")
            << chain << u"x > q > a.Relu > b.ReduceMean > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("a slice, which keeps values and loses the scale")
            << chain << u"x > q > keep.Slice > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("never quantized") << u"c"_s << u"x > a.Relu > c"_s << QStringList{};
        QTest::newRow("quantized again") << u"q=i8 2^-6; r=i8 2^-6; c"_s << u"x > q > a.ReduceMean > r > c"_s
                                         << QStringList{};
        QTest::newRow("a sum of equals") << equals << u"x > q > add > c; x > s > add"_s
                                         << QStringList{u"note shared-suspected q act"_s};
        QTest::newRow("one quantizer") << chain << u"x > q > add > c; q > add"_s << QStringList{};
        QTest::newRow("a sum of others") << pair << u"x > q > add > c; x > s > add"_s
                                         << QStringList{u"warning scales-differ s act"_s};
        QTest::newRow("a join that misses a scale")
            << equals << u"x > q > cat > c; x > s > a.ReduceMean > cat"_s
            << QStringList{u"error propagation-lost"_s, u"error propagation-lost c"_s};
    }

    void ofTheFlow()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        const Sample sample(layers, edges);
        QTEST(findingsOf(sample.network, {}), "findings");
    }

    void joinsOfFinn()
    {
        const Sample sample(u"q=i8 2^-6; s=i8 2^-5; c"_s, u"x > q > add > c; x > s > add"_s);
        QCOMPARE(findingsOf(sample.network, Target::Finn).front(), u"error scales-differ s act"_s);
        const CheckResult result = checked(sample.network, {});
        QCOMPARE(result.findings.front().fix,
            std::string(
                "let one quantizer make all of them, best s act (i8, scale 2^-5, zero point 0): in Brevitas one "
                "QuantIdentity(return_quant_tensor=True) that every branch goes through"));
    }

    void sentence()
    {
        const Sample sample(u"q=i8 2^-6; c"_s, u"x > q > a.ReduceMean > c"_s);
        const Finding finding = checked(sample.network, {}).findings.front();
        QCOMPARE(finding.text,
            std::string(
                "c: the quantization of q act (i8, scale 2^-6, zero point 0) is lost in ReduceMean (node "
                "a.ReduceMean), so it receives a plain tensor: mean loses it in every version of Brevitas; its bias "
                "has the scale of the lost grid"));
        QCOMPARE(finding.fix, std::string("write QuantIdentity(return_quant_tensor=True) behind it"));
    }

    /// torch.flatten of Brevitas 0.6, which no file shows.
    void flattenOfOldBrevitas_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QStringList>("findings");
        QTest::newRow("0.6.0") << u"0.6.0"_s << QStringList{u"note propagation-lost l"_s};
        QTest::newRow("0.7.1") << u"0.7.1"_s << QStringList{};
        QTest::newRow("none") << QString() << QStringList{};
    }

    void flattenOfOldBrevitas()
    {
        QFETCH(QString, version);
        Sample sample(u"q=i8 2^-6; c; l"_s, {});
        sample.layer("l") = sample.layer("c");
        sample.layer("l").id = layerId(2);
        sample.layer("l").kind = "Linear";
        sample.network.layers[2].name = "l";
        sample.network.flow = Flow();
        sample.floatBias();
        sample.network.layers[2].slots.pop_back();
        if (!version.isEmpty())
            sample.network.recipe.brevitas = version.toStdString();
        QTEST(findingsOf(sample.network, {}), "findings");
    }

    void withoutGraph()
    {
        Sample sample;
        sample.network.flow = Flow();
        sample.floatBias();
        const CheckResult result = checked(sample.network, Target::Finn);
        QStringList rules;
        for (const UncheckedRule &rule : result.unchecked) {
            rules << QString::fromStdString(rule.rule);
            QVERIFY2(rule.why.starts_with("cannot be checked from a state_dict"), rule.why.c_str());
        }
        QCOMPARE(rules, QStringList({u"propagation-lost"_s, u"scales-differ"_s, u"input-float"_s}));
        QVERIFY(result.accepted());
        QVERIFY(checked(Sample().network, Target::Finn).unchecked.empty());
    }

    void inputsThatAreFloat()
    {
        const Sample sample(u"c"_s, u"x > c"_s);
        for (const Target target : {Target::Finn, Target::Hls, Target::Dpu})
            QVERIFY(findingsOf(sample.network, target).contains(u"warning input-float c"_s));
    }

    void accumulators_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<QString>("bound");
        QTest::addColumn<QString>("finding");
        QTest::newRow("enough") << 32 << QString() << QString();
        QTest::newRow("too few") << 33 << QString() << u"error accumulator-overflow"_s;
        QTest::newRow("too few, at most") << 33 << u"its stride is not known"_s << u"warning accumulator-overflow"_s;
    }

    void accumulators()
    {
        QFETCH(int, bits);
        QFETCH(QString, bound);
        const Sample sample;
        AccumulatorRange range;
        range.layer = sample.network.layer("c")->id;
        range.bitsNeeded = bits;
        range.bound = bound.toStdString();
        const Accumulators accumulators{{range}, {{sample.network.layer("r")->id, "its input is not known"}}};
        const Inspection inspection = *inspect(std::make_shared<const Network>(sample.network));
        const CheckResult result = check(inspection, {}, &accumulators);
        QString finding;
        for (const Finding &found : result.findings)
            finding += QString::fromUtf8(severityName(found.severity)) + u' ' + QString::fromStdString(found.rule);
        QTEST(finding, "finding");
        QCOMPARE(result.unchecked.size(), std::size_t(1));
        QCOMPARE(result.unchecked.front().rule, std::string("accumulator-overflow"));
        QCOMPARE(result.unchecked.front().why,
            std::string("the sums of 1 layer are not known, r first: its input is not known"));
    }

    void muted_data()
    {
        QTest::addColumn<QStringList>("patterns");
        QTest::addColumn<QStringList>("findings");
        const QString zero = u"error zero-point c weight"_s, sign = u"error signedness q act"_s;
        QTest::newRow("nothing") << QStringList{} << QStringList{zero, sign};
        QTest::newRow("a rule") << QStringList{u"zero-point"_s} << QStringList{sign};
        QTest::newRow("a rule of a layer") << QStringList{u"zero-point:c*"_s} << QStringList{sign};
        QTest::newRow("a rule of another layer") << QStringList{u"zero-point:q"_s} << QStringList{zero, sign};
        QTest::newRow("every rule of a layer") << QStringList{u"*:q"_s} << QStringList{zero};
        QTest::newRow("both") << QStringList{u"sign*"_s, u"zero-point"_s} << QStringList{};
    }

    void muted()
    {
        QFETCH(QStringList, patterns);
        QFETCH(QStringList, findings);
        Sample sample;
        sample.weight().zeroPoint->values = {3.0f};
        sample.input().isSigned = false;
        for (const QString &pattern : patterns)
            sample.network.recipe.mutes.push_back(pattern.toStdString());
        QCOMPARE(findingsOf(sample.network, Target::Finn), findings);
        const CheckResult result = checked(sample.network, Target::Finn);
        QCOMPARE(result.muted, static_cast<std::size_t>(2 - findings.size()));
        QCOMPARE(result.accepted(), findings.isEmpty());
    }

    /// A row of a table is complete: a rule without a source cannot be believed, one without an id not be muted.
    void tables()
    {
        std::size_t count = 0;
        for (const std::string_view name : targetNames())
            for (const std::span<const Rule> rules : rulesFor(targetFromName(name)))
                for (const Rule &rule : rules) {
                    ++count;
                    QVERIFY(!rule.id.empty() && !rule.source.empty());
                    QVERIFY((rule.ofSlot == nullptr) != (rule.ofNetwork == nullptr));
                    QVERIFY(rule.id.find(':') == rule.id.npos);
                }
        QVERIFY(count > 60);
    }
};

QTEST_APPLESS_MAIN(TestRules)
#include "tst_rules.moc"
