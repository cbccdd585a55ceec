// The networks have members called slots.
#include "support/rule_sample.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;
using namespace Qt::StringLiterals;
using Sample = RuleSample;

namespace {

/// A change of the sample, and what the rule of that name says then: with every number, and with what to do.
struct SentenceCase {
    const char *rule;
    const char *name;
    std::optional<Target> target;
    Change change;
    QString text;
};

void makeDpu(Sample &s)
{
    s.setBias(biasQuantizer(8, 0x1p-7f));
    s.relu().isSigned = true;
    s.relu().rounding = s.input().rounding = Rounding::Dpu;
}

/// A bias of zeros under internal scaling, by a recipe of that Brevitas.
Change zeroBiasOf(const char *version)
{
    return [version](Sample &s) {
        s.slot("c", Slot::Bias) = biasSlot({0, 0, 0, 0}, biasQuantizer(8, 7.8125e-13f));
        s.slot("c", Slot::Bias).preset = "Int8BiasPerTensorFixedPointInternalScaling";
        s.bias().origin["scale"] = {Origin::Computed, "abs-max"};
        s.network.recipe.brevitas = version;
    };
}

const std::vector<SentenceCase> &sentenceCases()
{
    using enum Target;
    static const std::vector<SentenceCase> cases = {
        {"bias-8bit", "8 bits", {}, [](Sample &s) { s.bias().bitWidth = 8; },
            u"c bias: 8 bits at the scale of weight times input (2^-13) reach only ±0.015625 | write "
            u"bias_quant=Int16Bias, Int24Bias or Int32Bias, or a bias with a scale of its own"_s},
        {"bias-int32-clip", "codes", {}, [](Sample &s) { s.setBias(biasQuantizer(32, 0x1p-33f)); },
            u"c bias: its codes reach from -2147483648 to 2147483648, the ends of int32: runtimes clip them "
            u"without a word, and Brevitas' own conversion wraps 2^31 to -2^31 | a scale this small (2^-33) is "
            u"weight times input: give the input or the weight a larger one, or keep the bias in float"_s},
        {"bias-int32-clip", "floats", {}, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-33f)); },
            u"c bias: at its scale 2^-33 the largest value is 6.44e+09 steps, which int32 does not hold | a scale "
            u"this small (2^-33) is weight times input: give the input or the weight a larger one, or keep the "
            u"bias in float"_s},
        {"all-zero", "Brevitas 0.9", {}, zeroBiasOf("0.9.1"),
            u"c bias: all 4 values are zero under power-of-two scaling of their own: Brevitas 0.8 to 0.11 give "
            u"NaN gradients, and the next step of the optimizer destroys it | initialise the bias with small "
            u"numbers that are not zero, or take Brevitas 0.12 or later"_s},
        {"all-zero", "Brevitas 0.7", {}, zeroBiasOf("0.7.1"),
            u"c bias: all 4 values are zero under power-of-two scaling of their own: Brevitas 0.6 and 0.7 give "
            u"NaN outputs | initialise the bias with small numbers that are not zero, or take Brevitas 0.12 or "
            u"later"_s},
        {"all-zero", "Brevitas 0.12", {}, zeroBiasOf("0.12.0"),
            u"c bias: all 4 values are zero; its scale is only a floor value, and power-of-two scaling gives NaN "
            u"gradients up to Brevitas 0.11 | leave the layer out, or look for what kept it from training"_s},
        {"preset-name", "per channel", {},
            [](Sample &s) {
                s.slot("c", Slot::Weight).preset = "Int8WeightPerChannelFixedPoint";
                s.weight().scale->values = {0.0078f};
            },
            u"c weight: Int8WeightPerChannelFixedPoint is no fixed point here: its scale is 0.0078, no power of "
            u"two: up to Brevitas 0.11 this preset has plain float scales | add "
            u"restrict_scaling_type=POWER_OF_TWO and restrict_value_float_to_int_impl=CeilSte, or take Brevitas "
            u"0.12 or later"_s},
        {"dead-channel", "the second", {},
            [](Sample &s) {
                std::vector<float> values = weightValues();
                std::fill_n(values.begin() + 3, 3, 0.0f);
                s.weights(values);
            },
            u"c weight: 1 of 4 output channels have no code but zero: 1 | prune them, since hardware spends "
            u"memory and time on them all the same; or give them scales of their own"_s},

        {"dialect", "FINN", Finn, [](Sample &s) { s.network.dialect = Dialect::Qcdq; },
            u"this file is QCDQ: FINN reads QONNX, whose Quant nodes say bit widths | convert it with "
            u"qonnx.transformation.qcdq_to_qonnx.QCDQToQuant, or export with brevitas.export.export_qonnx"_s},
        {"dialect", "FINN, QDQ", Finn, [](Sample &s) { s.network.dialect = Dialect::Qdq; },
            u"this file is QDQ: FINN reads QONNX, whose Quant nodes say bit widths | convert it with "
            u"qonnx.transformation.qcdq_to_qonnx.QCDQToQuant, or export with brevitas.export.export_qonnx"_s},
        {"quantizer-kind", "FINN", Finn, [](Sample &s) { s.input() = minifloat(); },
            u"q act: minifloat quantizers have no datatype in FINN | an integer quantizer"_s},
        {"zero-point", "FINN", Finn, [](Sample &s) { s.weight().zeroPoint->values = {3.0f}; },
            u"c weight: the zero point is 3: FINN takes Quant nodes with zero point 0 alone | a symmetric "
            u"quantizer, such as Int8WeightPerTensorFloat or Uint8ActPerTensorFloat"_s},
        {"scale-per-channel", "FINN", Finn, [](Sample &s) { setSeveralScales(s.weight(), 1); },
            u"c weight: its 3 scales do not belong to the output channels, behind which FINN moves them | one "
            u"scale for the tensor or for each output channel"_s},
        {"scale-per-channel", "FINN, blocks", Finn, [](Sample &s) { s.weight().blockSize = 2; },
            u"c weight: it has a scale for each block of 2 | one scale for the tensor or for each output channel"_s},
        {"signedness", "FINN, unsigned", Finn, [](Sample &s) { s.input().isSigned = false; },
            u"q act: it is unsigned: FINN takes signed quantizers alone where no ReLU stands before them | "
            u"act_quant=Int8ActPerTensorFloat (or FixedPoint), or QuantReLU in its place"_s},
        {"signedness", "FINN, signed ReLU", Finn, [](Sample &s) { s.relu().isSigned = true; },
            u"r act: it is signed: FINN takes unsigned quantizers behind a ReLU alone | "
            u"act_quant=Uint8ActPerTensorFloat (or FixedPoint) in QuantReLU"_s},
        {"signedness", "FINN, signed SELU", Finn,
            [](Sample &s) {
                s.layer("r").kind = "SELU";
                s.relu().isSigned = true;
            },
            u"r act: it is signed: FINN takes unsigned quantizers behind a ReLU alone | "
            u"act_quant=Uint8ActPerTensorFloat (or FixedPoint) in QuantReLU"_s},
        {"signedness", "FINN, an unsigned input of a layer", Finn,
            [](Sample &s) {
                SlotQuantizer slot = s.slot("q", Slot::Act);
                slot.slot = Slot::Input;
                slot.quantizer->isSigned = false;
                s.layer("c").slots.push_back(slot);
            },
            u"c input: it is unsigned: FINN takes signed quantizers alone where no ReLU stands before them | "
            u"act_quant=Int8ActPerTensorFloat (or FixedPoint), or QuantReLU in its place"_s},
        {"narrow-range", "FINN, ReLU", Finn, [](Sample &s) { s.relu().narrow = true; },
            u"r act: its range is narrow, which FINN refuses behind a ReLU | narrow_range=False"_s},
        {"narrow-range", "FINN, weight", Finn,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                values[0] = -1.0f;
                s.weights(values);
                s.weight().narrow = false;
            },
            u"c weight: a weight is -128, the most negative code of 8 bits: DSP48E1 devices (7 series) have no "
            u"RTL unit for it, so FINN takes the HLS one there | narrow_range=True for the weights"_s},
        {"activation-kind", "FINN", Finn, [](Sample &s) { s.layer("r").kind = "Sigmoid"; },
            u"r act: it stands behind Sigmoid, for which FINN has no thresholds: ReLU, SELU and none are what it "
            u"converts | QuantReLU or QuantIdentity"_s},
        {"bit-width", "FINN, 9 bits", Finn, [](Sample &s) { s.relu().bitWidth = 9; },
            u"r act: 9 bits would need 511 thresholds: FINN leaves quantizers above 8 bits as they are, which is "
            u"no hardware | bit_width=8 or less"_s},
        {"bit-width", "FINN, 32 bits", Finn, [](Sample &s) { s.relu().bitWidth = 32; },
            u"r act: 32 bits would need 2^32 thresholds: FINN leaves quantizers above 8 bits as they are, which "
            u"is no hardware | bit_width=8 or less"_s},
        {"bit-width", "FINN, weight", Finn, [](Sample &s) { s.weight().bitWidth = 10; },
            u"c weight: 10 bits are too many for the RTL variant of its unit, so FINN takes the HLS one | "
            u"weight_bit_width=8 or less"_s},
        {"bipolar-scale", "FINN", Finn, [](Sample &s) { s.input() = binary(0.5f); },
            u"q act: its scale is 2^-1: FINN takes bipolar activations of scale 1 alone | scaling_impl_type=CONST "
            u"and min_val=-1.0, max_val=1.0"_s},
        {"rounding-mode", "FINN", Finn, [](Sample &s) { s.relu().rounding = Rounding::Floor; },
            u"r act: it rounds by FLOOR, and FINN's thresholds round to nearest whatever the node says | "
            u"float_to_int_impl_type=ROUND"_s},
        {"bias-scale-internal", "FINN", Finn, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            u"c bias: its scale is its own (internal scale) and not that of weight times input: FINN divides and "
            u"multiplies the sums by it, which only thresholds behind the layer take away again | write "
            u"bias_quant=Int16Bias, Int24Bias or Int32Bias"_s},

        {"dialect", "hls4ml", Hls4ml, [](Sample &s) { s.network.dialect = Dialect::Qdq; },
            u"this file is QDQ: of quantized graphs hls4ml reads QONNX alone, and stops at the first operator "
            u"that it does not know | convert it with qonnx.transformation.qcdq_to_qonnx.QCDQToQuant, or export "
            u"with brevitas.export.export_qonnx"_s},
        {"quantizer-kind", "hls4ml", Hls4ml, [](Sample &s) { s.relu() = minifloat(); },
            u"r act: hls4ml reads no minifloat quantizers | an integer quantizer"_s},
        {"rounding-mode", "hls4ml", Hls4ml, [](Sample &s) { s.relu().rounding = Rounding::Ceil; },
            u"r act: it rounds by CEIL: hls4ml takes ROUND and FLOOR alone | float_to_int_impl_type=ROUND or FLOOR"_s},
        {"narrow-range", "hls4ml", Hls4ml, [](Sample &s) { s.relu().narrow = true; },
            u"r act: its range is narrow and unsigned, which hls4ml refuses | narrow_range=False"_s},
        {"scale-not-power-of-two", "hls4ml", Hls4ml, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            u"r act: its scale 0.03 is no power of two: hls4ml computes with integers and multiplies in a layer "
            u"of its own (ApplyAlpha), whose default type fixed<16,6> rounds the scale | "
            u"restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets), or a wider Precision for that scale in "
            u"the configuration"_s},
        {"zero-point", "hls4ml", Hls4ml, [](Sample &s) { s.relu().zeroPoint->values = {7.0f}; },
            u"r act: its zero point is 7: hls4ml adds it in a layer of its own (ApplyAlpha), whose default type "
            u"fixed<16,6> may round it | a symmetric quantizer"_s},
        {"scale-per-channel", "hls4ml", Hls4ml, [](Sample &s) { setSeveralScales(s.weight(), 0); },
            u"c weight: it has 4 scales from 2^-8 to 2^-7: no fixed-point type has one binary point for each "
            u"channel, and hls4ml may fail to read such a model | scaling_per_output_channel=False"_s},
        {"bias-float", "hls4ml", Hls4ml, [](Sample &s) { s.floatBias(); },
            u"c bias: it is float: hls4ml rounds it to the layer's default precision (fixed<16,6>) | a "
            u"bias_quant, or a Precision for the bias in the configuration"_s},

        {"quantizer-kind", "DPU", Dpu, [](Sample &s) { s.input() = binary(1.0f); },
            u"q act: binary quantizers: the DPU has 8-bit integers alone | Int8WeightPerTensorFixedPoint, "
            u"Int8ActPerTensorFixedPoint"_s},
        {"scale-not-power-of-two", "DPU", Dpu, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            u"r act: its scale 0.03 is no power of two: the DPU has fix positions alone | "
            u"restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets)"_s},
        {"scale-per-channel", "DPU", Dpu, [](Sample &s) { setSeveralScales(s.weight(), 0); },
            u"c weight: it has 4 scales from 2^-8 to 2^-7: the DPU has one fix position a tensor | "
            u"scaling_per_output_channel=False"_s},
        {"zero-point", "DPU", Dpu, [](Sample &s) { s.relu().zeroPoint->values = {-7.0f}; },
            u"r act: its zero point is -7: the DPU has none | a symmetric quantizer"_s},
        {"bit-width", "DPU, weight", Dpu, [](Sample &s) { s.weight().bitWidth = 7; },
            u"c weight: it has 7 bits: weights, biases and activations of the DPU have 8 | bit_width=8"_s},
        {"bit-width", "DPU, bias", Dpu, [](Sample &s) { s.bias().bitWidth = 16; },
            u"c bias: it has 16 bits: weights, biases and activations of the DPU have 8 | "
            u"bias_quant=Int8BiasPerTensorFixedPointInternalScaling"_s},
        {"bit-width", "DPU, a word", Dpu,
            [](Sample &s) {
                s.weight().bitWidth.reset();
                s.weight().storageBits = 16;
            },
            u"c weight: it has 16 bits: weights, biases and activations of the DPU have 8 | bit_width=8"_s},
        {"signedness", "DPU", Dpu, [](Sample &s) { s.relu().isSigned = false; },
            u"r act: it is unsigned: the DPU has signed integers alone, also behind a ReLU | "
            u"act_quant=Int8ActPerTensorFixedPoint in QuantReLU; it costs one bit"_s},
        {"rounding-mode", "DPU", Dpu, [](Sample &s) { s.relu().rounding = Rounding::Round; },
            u"r act: it rounds by ROUND, and the DPU rounds ties up (2.5 to 3, -2.5 to -2): such codes differ by "
            u"one | float_to_int_impl_type=DPU comes nearest"_s},
        {"rounding-mode", "DPU, its own in XIR", Dpu, [](Sample &s) { s.relu().rounding = Rounding::DpuRound; }, u""_s},
        {"bias-scale-external", "DPU", Dpu, [](Sample &s) { s.setBias(biasQuantizer(8, 0x1p-13f)); },
            u"c bias: its scale is that of weight times input (external scale), and a bias of the DPU has 8 bits "
            u"at a position of its own: there it is rounded anew | "
            u"bias_quant=Int8BiasPerTensorFixedPointInternalScaling"_s},
        {"bias-float", "DPU", Dpu, [](Sample &s) { s.floatBias(); },
            u"c bias: it is float: the DPU's quantizer rounds it to 8 bits, which nobody trained with | "
            u"bias_quant=Int8BiasPerTensorFixedPointInternalScaling"_s},
        {"weight-float", "DPU", Dpu, [](Sample &s) { s.slot("c", Slot::Weight).quantizer.reset(); },
            u"c weight: nothing quantizes it, so the layer runs on the CPU | "
            u"weight_quant=Int8WeightPerTensorFixedPoint"_s},

        {"dialect", "ONNX", Onnx, [](Sample &s) { s.network.dialect = Dialect::Qonnx; },
            u"this file is QONNX: runtimes know the operators of ONNX itself, such as QuantizeLinear and "
            u"DequantizeLinear | export with brevitas.export.export_onnx_qcdq"_s},
        {"quantizer-kind", "ONNX, binary", Onnx, [](Sample &s) { s.input() = binary(1.0f); },
            u"q act: QuantizeLinear has no binary quantizers | an integer quantizer of 2 to 8 bits"_s},
        {"quantizer-kind", "ONNX, minifloat", Onnx, [](Sample &s) { s.input() = minifloat(); },
            u"q act: a minifloat: QuantizeLinear has float8 from opset 19 and float4 from opset 23 alone | an "
            u"integer quantizer of 2 to 8 bits"_s},
        {"bit-width", "ONNX, 1 bit", Onnx, [](Sample &s) { s.relu().bitWidth = 1; },
            u"r act: it has 1 bit: QuantizeLinear makes 8-bit integers (16 bits from opset 21 on), and a Clip "
            u"narrows them down to 2 bits | bit_width from 2 to 8"_s},
        {"bit-width", "ONNX, 2 bits", Onnx, [](Sample &s) { s.relu().bitWidth = 2; }, u""_s},
        {"bit-width", "ONNX, 9 bits", Onnx, [](Sample &s) { s.relu().bitWidth = 9; },
            u"r act: it has 9 bits: QuantizeLinear makes 8-bit integers (16 bits from opset 21 on), and a Clip "
            u"narrows them down to 2 bits | bit_width from 2 to 8"_s},
        {"bit-width", "ONNX, bias of 32", Onnx, [](Sample &s) { s.bias().bitWidth = 32; }, u""_s},
        {"bit-width", "ONNX, bias of 33", Onnx, [](Sample &s) { s.bias().bitWidth = 33; },
            u"c bias: it has 33 bits: a bias is int32 | bias_quant=Int32Bias"_s},
        {"zero-point", "ONNX, bias", Onnx, [](Sample &s) { s.bias().zeroPoint->values = {1.0f}; },
            u"c bias: its zero point is 1: that of an int32 bias is 0 | a symmetric quantizer"_s},
        {"zero-point", "ONNX, beyond its type", Onnx, [](Sample &s) { s.relu().zeroPoint->values = {256.0f}; },
            u"r act: its zero point 256 is no integer of its 8-bit type | quantize_zero_point=True, or a "
            u"symmetric quantizer"_s},
        {"zero-point", "ONNX, the end of its type", Onnx, [](Sample &s) { s.relu().zeroPoint->values = {255.0f}; },
            u""_s},
        {"rounding-mode", "ONNX", Onnx, [](Sample &s) { s.relu().rounding = Rounding::Floor; },
            u"r act: it rounds by FLOOR: QuantizeLinear rounds half to even | float_to_int_impl_type=ROUND"_s},
        {"scale-per-channel", "ONNX", Onnx, [](Sample &s) { s.relu().blockSize = 32; },
            u"r act: it has a scale for each block of 32: DequantizeLinear has block_size from opset 21 on | one "
            u"scale for the tensor or for each output channel, where the runtime is older"_s},
        {"bias-scale-internal", "ONNX", Onnx, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            u"c bias: its scale is its own (internal scale): kernels that compute with integers (QLinearConv) "
            u"want that of weight times input, so the layer runs in float | write bias_quant=Int32Bias"_s},

        {"quantizer-kind", "PyTorch", PyTorch, [](Sample &s) { s.input() = binary(1.0f); },
            u"q act: quantized tensors of PyTorch have no binary quantizers | an integer quantizer of 2 to 8 bits"_s},
        {"bit-width", "PyTorch, weight", PyTorch, [](Sample &s) { s.weight().bitWidth = 9; },
            u"c weight: it has 9 bits: quantized operators take 8 (qint8 weights, quint8 activations) | "
            u"bit_width=8 or less"_s},
        {"bit-width", "PyTorch, activation", PyTorch, [](Sample &s) { s.relu().bitWidth = 9; },
            u"r act: it has 9 bits: quantized operators take 8 (qint8 weights, quint8 activations) | bit_width=8 "
            u"or less"_s},
        {"signedness", "PyTorch, activation", PyTorch, {},
            u"q act: it is signed (qint8): quantized operators read quint8, so the layer behind it is computed in "
            u"float, as the QCDQ export does | ShiftedUint8ActPerTensorFloat where integer kernels matter"_s},
        {"signedness", "PyTorch, weight", PyTorch,
            [](Sample &s) {
                s.input().isSigned = false;
                s.weight().isSigned = false;
            },
            u"c weight: it is unsigned (quint8): quantized operators take qint8 weights | "
            u"Int8WeightPerTensorFloat or Int8WeightPerChannelFloat"_s},
        {"rounding-mode", "PyTorch", PyTorch, [](Sample &s) { s.relu().rounding = Rounding::Ceil; },
            u"r act: it rounds by CEIL: torch.quantize_per_tensor rounds half to even | "
            u"float_to_int_impl_type=ROUND"_s},
        {"reciprocal-scale", "PyTorch", PyTorch, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            u"r act: its scale 0.03 is no power of two: PyTorch multiplies by the reciprocal instead of dividing, "
            u"so that a value near a tie may get the next code | nothing, where one code in a few thousand does "
            u"not matter; else a power of two"_s},
        {"reciprocal-scale", "PyTorch, which multiplies already", PyTorch,
            [](Sample &s) {
                s.relu().scale->values = {0.03f};
                s.relu().rule = CodeRule::ReciprocalRoundAdd;
            },
            u""_s},

        {"quantizer-kind", "HLS", Hls, [](Sample &s) { s.relu() = minifloat(); },
            u"r act: minifloat quantizers have no integer codes, so no fixed-point type holds them | an integer "
            u"quantizer"_s},
        {"scale-not-power-of-two", "HLS", Hls, [](Sample &s) { s.relu().scale->values = {0.03f}; },
            u"r act: its scale 0.03 is no power of two: no fixed-point type holds its values, so hardware "
            u"computes with the integers and multiplies when it leaves the layer | "
            u"restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets); 'quantscope compare --power-of-two' "
            u"shows what it costs"_s},
        {"scale-per-channel", "HLS, fractional bits", Hls, [](Sample &s) { setSeveralScales(s.weight(), 0); },
            u"c weight: its channels have 7 to 8 fractional bits: one type holds none of them, and a shifter for "
            u"each channel costs hardware | scaling_per_output_channel=False"_s},
        {"scale-per-channel", "HLS, factors", Hls,
            [](Sample &s) {
                setSeveralScales(s.weight(), 0);
                s.weight().scale->values[2] = 0.03f;
            },
            u"c weight: it has 4 scales from 2^-7 to 0.03: a multiplier and a table of factors for the channels "
            u"cost hardware | scaling_per_output_channel=False with restrict_scaling_type=POWER_OF_TWO"_s},
        {"bias-scale-internal", "HLS", Hls, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            u"c bias: its scale is its own (internal scale): it is shifted, or multiplied, onto the grid of the sums "
            u"before it is added | write bias_quant=Int16Bias, Int24Bias or Int32Bias, or shift it by the difference "
            u"of the fractional bits"_s},
        {"bias-scale-internal", "PyTorch", PyTorch, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-12f)); },
            u"c bias: its scale is its own (internal scale): quantized operators take the bias in float and round it "
            u"to the scale of weight times input | write bias_quant=Int32Bias"_s},
        {"zero-point", "HLS", Hls, [](Sample &s) { s.relu().zeroPoint->values = {7.0f}; },
            u"r act: its zero point is 7: a fixed-point type has none, so hardware subtracts it or corrects the "
            u"sums | a symmetric quantizer"_s},
        {"rounding-mode", "HLS", Hls, [](Sample &s) { s.relu().rounding = Rounding::Up; },
            u"r act: it rounds by UP, for which ap_fixed has no mode | float_to_int_impl_type=ROUND "
            u"(AP_RND_CONV), FLOOR (AP_TRN) or ROUND_TO_ZERO (AP_TRN_ZERO)"_s},
    };
    return cases;
}

} // namespace

/// The sentences of rules, whole.
class TestRuleSentences : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sentences_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < table().size(); ++i)
            QTest::addRow("%s: %s", table()[i].rule, table()[i].name) << static_cast<int>(i);
    }
    static const std::vector<SentenceCase> &table() { return sentenceCases(); }

    void sentences()
    {
        QFETCH(int, index);
        const SentenceCase &row = table()[static_cast<std::size_t>(index)];
        Sample sample;
        if (row.target == Target::Dpu)
            makeDpu(sample);
        if (row.change)
            row.change(sample);
        QStringList said;
        for (const Finding &finding : checked(sample.network, row.target).findings)
            if (finding.rule == row.rule)
                said << QString::fromStdString(finding.text + " | " + finding.fix);
        QCOMPARE(said.join(u" || "_s), row.text);
    }
};

QTEST_APPLESS_MAIN(TestRuleSentences)
#include "tst_rule_sentences.moc"
