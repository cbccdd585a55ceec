#include "checks/targets/finn.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "network/dialect.h"
#include "quant/grid.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kMostThresholdBits = 8; ///< max_multithreshold_bit_width of ConvertQONNXtoFINN
constexpr int kMostRtlBits = 8;

void finnDialect(const CheckFacts &facts, Findings &out)
{
    const DialectTraits &traits = traitsOf(facts.network.dialect);
    if (!traits.saysItself || traits.quantOperators || !traits.keepsScales || facts.slots.empty())
        return;
    out.add({}, fmt::format("this file is {}: FINN reads QONNX, whose Quant nodes say bit widths", traits.name),
        std::string(wayToQonnx(facts.network)));
}

/// FINN's own files are what its conversion made.
bool isToBeConverted(const DialectTraits &traits) { return traits.keepsScales; }

std::optional<SlotProblem> finnKind(const CheckedSlot &checked)
{
    if (hasIntegerGrid(*checked.slot.quantizer))
        return std::nullopt;
    return SlotProblem{
        fmt::format("{} quantizers have no datatype in FINN", quantizerKindName(checked.slot.quantizer->kind)),
        "an integer quantizer"};
}

std::optional<SlotProblem> finnZeroPoint(const CheckedSlot &checked)
{
    const auto zero = zeroPointText(*checked.slot.quantizer);
    if (!zero)
        return std::nullopt;
    return SlotProblem{fmt::format("the zero point is {}: FINN takes Quant nodes with zero point 0 alone", *zero),
        "a symmetric quantizer, such as Int8WeightPerTensorFloat or Uint8ActPerTensorFloat"};
}

std::optional<SlotProblem> finnWeightScale(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.blockSize)
        return SlotProblem{fmt::format("it has a scale for each block of {}", *quantizer.blockSize),
            "one scale for the tensor or for each output channel"};
    const bool elsewhere
        = hasSeveral(quantizer.scale) && (!quantizer.scale->axis || *quantizer.scale->axis != checked.slot.channelAxis);
    if (!elsewhere)
        return std::nullopt;
    return SlotProblem{fmt::format("its {} scales do not belong to the output channels, behind which FINN moves them",
                           quantizer.scale->values.size()),
        "one scale for the tensor or for each output channel"};
}

std::optional<SlotProblem> finnSign(const CheckedSlot &checked)
{
    const auto kind = activationKindOf(checked);
    const auto &isSigned = checked.slot.quantizer->isSigned;
    if (!kind || !isSigned || checked.slot.quantizer->kind == QuantizerKind::Binary)
        return std::nullopt;
    if (*kind == ActivationKind::Relu && *isSigned)
        return SlotProblem{"it is signed: FINN takes unsigned quantizers behind a ReLU alone",
            "act_quant=Uint8ActPerTensorFloat (or FixedPoint) in QuantReLU"};
    if (*kind == ActivationKind::Identity && !*isSigned)
        return SlotProblem{"it is unsigned: FINN takes signed quantizers alone where no ReLU stands before them",
            "act_quant=Int8ActPerTensorFloat (or FixedPoint), or QuantReLU in its place"};
    return std::nullopt;
}

std::optional<SlotProblem> finnNarrowRelu(const CheckedSlot &checked)
{
    if (activationKindOf(checked) != ActivationKind::Relu || checked.slot.quantizer->narrow != true)
        return std::nullopt;
    return SlotProblem{"its range is narrow, which FINN refuses behind a ReLU", "narrow_range=False"};
}

std::optional<SlotProblem> finnActivation(const CheckedSlot &checked)
{
    if (activationKindOf(checked) != ActivationKind::Other)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it stands behind {}, for which FINN has no thresholds: ReLU, SELU and none are what it converts",
            checked.layer.kind),
        "QuantReLU or QuantIdentity"};
}

std::optional<SlotProblem> finnThresholdBits(const CheckedSlot &checked)
{
    const auto bits = codeBits(*checked.slot.quantizer);
    if (!bits || *bits <= kMostThresholdBits)
        return std::nullopt;
    return SlotProblem{
        fmt::format("{} bits would need {} thresholds: FINN leaves quantizers above {} bits as they are, "
                    "which is no hardware",
            *bits, *bits < 32 ? std::to_string((1ll << *bits) - 1) : "2^" + std::to_string(*bits), kMostThresholdBits),
        "bit_width=8 or less"};
}

std::optional<SlotProblem> finnWeightBits(const CheckedSlot &checked)
{
    const auto bits = codeBits(*checked.slot.quantizer);
    if (!bits || *bits <= kMostRtlBits)
        return std::nullopt;
    return SlotProblem{
        fmt::format("{} bits are too many for the RTL variant of its unit, so FINN takes the HLS one", *bits),
        "weight_bit_width=8 or less"};
}

/// The DSP48E1 kernels pack products, which the most negative weight would overflow.
std::optional<SlotProblem> finnMostNegative(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    const SlotStatistics *s = checked.statistics;
    if (s == nullptr || s->count == 0 || quantizer.kind != QuantizerKind::Affine || quantizer.isSigned != true
        || !quantizer.bitWidth || *quantizer.bitWidth > kMostRtlBits || *quantizer.bitWidth < 2
        || s->codesMin != codeRange(*quantizer.bitWidth, true, false).min)
        return std::nullopt;
    return SlotProblem{
        fmt::format("a weight is {}, the most negative code of {} bits: DSP48E1 devices (7 series) have no "
                    "RTL unit for it, so FINN takes the HLS one there",
            s->codesMin, *quantizer.bitWidth),
        "narrow_range=True for the weights"};
}

std::optional<SlotProblem> finnBipolarScale(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Binary || !quantizer.scale
        || (quantizer.scale->values.size() == 1 && quantizer.scale->values.front() == 1.0f))
        return std::nullopt;
    return SlotProblem{
        fmt::format("its scale is {}: FINN takes bipolar activations of scale 1 alone", gridScaleText(quantizer)),
        "scaling_impl_type=CONST and min_val=-1.0, max_val=1.0"};
}

std::optional<SlotProblem> finnRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rounding == Rounding::Round)
        return std::nullopt;
    return SlotProblem{fmt::format("it rounds by {}, and FINN's thresholds round to nearest whatever the node says",
                           roundingName(quantizer.rounding)),
        "float_to_int_impl_type=ROUND"};
}

void finnFloatBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Float), Slot::Bias,
        "it is float: FINN takes it, and works it into the thresholds behind the layer",
        "nothing, where a quantized activation follows; else bias_quant=Int16Bias or wider");
}

void finnInternalBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Internal), Slot::Bias,
        "its scale is its own (internal scale) and not that of weight times input: FINN divides and multiplies the "
        "sums by it, which only thresholds behind the layer take away again",
        "write bias_quant=Int16Bias, Int24Bias or Int32Bias");
}

void finnFloatWeight(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithFloatWeight(facts), Slot::Weight,
        "nothing quantizes it, so the layer becomes no hardware", "a weight_quant for it");
}

void finnFloatInput(const CheckFacts &facts, Findings &out)
{
    addFloatInputs(facts, out, "it becomes no hardware unless the build gives its input an integer type",
        "QuantIdentity(return_quant_tensor=True) before it");
}

/// No file of its sources names them: nothing streamlines them, and nothing makes hardware of them.
constexpr std::array<std::string_view, 44> kNoFinnHardware = {"sigmoid", "tanh", "softmax", "logsoftmax", "hardsigmoid",
    "hardswish", "elu", "celu", "gelu", "erf", "exp", "log", "pow", "sqrt", "reciprocal", "softplus", "softsign",
    "leakyrelu", "prelu", "thresholdedrelu", "mish", "silu", "layernormalization", "layernorm", "instancenormalization",
    "instancenorm", "groupnormalization", "groupnorm", "lrn", "lpnormalization", "reducemean", "mean", "reducesum",
    "reducemax", "globalmaxpool", "einsum", "lstm", "gru", "sin", "cos", "neg", "floor", "ceil", "depthtospace"};

void finnOperators(const CheckFacts &facts, Findings &out)
{
    addOperators(
        facts, out, Severity::Warning, [&](FlowNodeId id) { return isOfHost(facts.network.flow, id, kNoFinnHardware); },
        "FINN has no hardware for",
        "write the network without it, or leave what is before or behind it to the host: the accelerator is one piece");
}

constexpr std::string_view kFinnHandlers = "FINN 0.10.1, transformation/qonnx/qonnx_activation_handlers.py";
constexpr std::string_view kFinnFold = "FINN 0.10.1, transformation/qonnx/fold_quant_weights.py";
constexpr std::string_view kFinnConvert = "FINN 0.10.1, transformation/qonnx/convert_qonnx_to_finn.py";
constexpr std::string_view kFinnHardware = "FINN 0.10.1, transformation/fpgadataflow/convert_to_hw_layers.py";
constexpr std::string_view kFinnSpecialize = "FINN 0.10.1, transformation/fpgadataflow/specialize_layers.py";

constexpr std::array kFinnRules = {
    Rule{.id = "dialect", .severity = Severity::Error, .source = kFinnConvert, .ofNetwork = finnDialect},
    Rule{.id = "dialect", .severity = Severity::Error, .source = kFinnFold, .ofNetwork = addFaultyExport},
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kFinnConvert, .ofSlot = finnKind},
    Rule{.id = "zero-point",
        .severity = Severity::Error,
        .source = kFinnFold,
        .ofSlot = finnZeroPoint,
        .holdsFor = isToBeConverted},
    Rule{.id = "scale-per-channel",
        .severity = Severity::Error,
        .source = kFinnFold,
        .role = SlotRole::Weight,
        .ofSlot = finnWeightScale,
        .holdsFor = isToBeConverted},
    Rule{.id = "signedness",
        .severity = Severity::Error,
        .source = kFinnHandlers,
        .role = SlotRole::Activation,
        .ofSlot = finnSign,
        .holdsFor = isToBeConverted},
    Rule{.id = "narrow-range",
        .severity = Severity::Error,
        .source = kFinnHandlers,
        .role = SlotRole::Activation,
        .ofSlot = finnNarrowRelu,
        .holdsFor = isToBeConverted},
    Rule{.id = "activation-kind",
        .severity = Severity::Error,
        .source = kFinnHandlers,
        .role = SlotRole::Activation,
        .ofSlot = finnActivation,
        .holdsFor = isToBeConverted},
    Rule{.id = "bit-width",
        .severity = Severity::Warning,
        .source = kFinnConvert,
        .role = SlotRole::Activation,
        .ofSlot = finnThresholdBits,
        .holdsFor = isToBeConverted},
    Rule{.id = "bit-width",
        .severity = Severity::Note,
        .source = kFinnSpecialize,
        .role = SlotRole::Weight,
        .ofSlot = finnWeightBits},
    Rule{.id = "narrow-range",
        .severity = Severity::Warning,
        .source = kFinnSpecialize,
        .role = SlotRole::Weight,
        .ofSlot = finnMostNegative},
    Rule{.id = "bipolar-scale",
        .severity = Severity::Error,
        .source = kFinnHandlers,
        .role = SlotRole::Activation,
        .ofSlot = finnBipolarScale,
        .holdsFor = isToBeConverted},
    Rule{.id = "rounding-mode",
        .severity = Severity::Error,
        .source = kFinnHandlers,
        .role = SlotRole::Activation,
        .ofSlot = finnRounding,
        .holdsFor = isToBeConverted},
    Rule{.id = "bias-float",
        .severity = Severity::Note,
        .source = kFinnConvert,
        .ofNetwork = finnFloatBias,
        .holdsFor = isToBeConverted},
    Rule{.id = "bias-scale-internal",
        .severity = Severity::Warning,
        .source = kFinnFold,
        .ofNetwork = finnInternalBias,
        .holdsFor = isToBeConverted},
    Rule{.id = "weight-float",
        .severity = Severity::Warning,
        .source = kFinnConvert,
        .ofNetwork = finnFloatWeight,
        .holdsFor = isToBeConverted},
    Rule{.id = "operator-unsupported",
        .severity = Severity::Warning,
        .source = kFinnHardware,
        .ofNetwork = finnOperators,
        .needsGraph = true,
        .holdsFor = isToBeConverted},
    Rule{.id = "input-float",
        .severity = Severity::Warning,
        .source = kFinnConvert,
        .ofNetwork = finnFloatInput,
        .needsGraph = true,
        .holdsFor = isToBeConverted},
};

} // namespace

std::span<const Rule> finnRules() { return kFinnRules; }

} // namespace quantscope
