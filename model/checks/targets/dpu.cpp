#include "checks/targets/dpu.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "network/dialect.h"
#include "network/dpu_shifts.h"
#include "quant/grid.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kDpuBits = 8;

std::optional<SlotProblem> dpuKind(const CheckedSlot &checked)
{
    if (checked.slot.quantizer->kind == QuantizerKind::Affine)
        return std::nullopt;
    return SlotProblem{
        fmt::format("{} quantizers: the DPU has 8-bit integers alone", quantizerKindName(checked.slot.quantizer->kind)),
        "Int8WeightPerTensorFixedPoint, Int8ActPerTensorFixedPoint"};
}

std::optional<SlotProblem> dpuScale(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    const auto off = quantizer.kind == QuantizerKind::Affine ? scaleOffPowersOfTwo(quantizer) : std::nullopt;
    if (!off)
        return std::nullopt;
    return SlotProblem{fmt::format("its scale {} is no power of two: the DPU has fix positions alone", *off),
        "restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets)"};
}

std::optional<SlotProblem> dpuPerChannel(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (!hasSeveral(quantizer.scale))
        return std::nullopt;
    return SlotProblem{fmt::format("it has {}: the DPU has one fix position a tensor", gridScaleText(quantizer)),
        "scaling_per_output_channel=False"};
}

std::optional<SlotProblem> dpuZeroPoint(const CheckedSlot &checked)
{
    const auto zero = zeroPointText(*checked.slot.quantizer);
    if (!zero)
        return std::nullopt;
    return SlotProblem{fmt::format("its zero point is {}: the DPU has none", *zero), "a symmetric quantizer"};
}

std::optional<SlotProblem> dpuBits(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    const auto bits = quantizer.bitWidth ? quantizer.bitWidth : quantizer.storageBits;
    if (quantizer.kind != QuantizerKind::Affine || !bits || *bits == kDpuBits)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it has {} bits: weights, biases and activations of the DPU have {}", *bits, kDpuBits),
        checked.slot.slot == Slot::Bias ? "bias_quant=Int8BiasPerTensorFixedPointInternalScaling" : "bit_width=8"};
}

std::optional<SlotProblem> dpuSign(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.isSigned != false)
        return std::nullopt;
    return SlotProblem{"it is unsigned: the DPU has signed integers alone, also behind a ReLU",
        "act_quant=Int8ActPerTensorFixedPoint in QuantReLU; it costs one bit"};
}

/// Half of all ties of a sum that loses bits go the other way.
std::optional<SlotProblem> dpuRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rounding == Rounding::Dpu
        || quantizer.rounding == Rounding::DpuRound)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it rounds by {}, and the DPU rounds ties up (2.5 to 3, -2.5 to -2): such codes differ by one",
            roundingName(quantizer.rounding)),
        "float_to_int_impl_type=DPU comes nearest"};
}

void dpuExternalBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::External), Slot::Bias,
        "its scale is that of weight times input (external scale), and a bias of the DPU has 8 bits at a position of "
        "its own: there it is rounded anew",
        "bias_quant=Int8BiasPerTensorFixedPointInternalScaling");
}

void dpuFloatBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Float), Slot::Bias,
        "it is float: the DPU's quantizer rounds it to 8 bits, which nobody trained with",
        "bias_quant=Int8BiasPerTensorFixedPointInternalScaling");
}

void dpuFloatWeight(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithFloatWeight(facts), Slot::Weight, "nothing quantizes it, so the layer runs on the CPU",
        "weight_quant=Int8WeightPerTensorFixedPoint");
}

void dpuFloatInput(const CheckFacts &facts, Findings &out)
{
    addFloatInputs(facts, out, "it has no fix position",
        "QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, return_quant_tensor=True) before it");
}

void dpuShift(
    const Layer &layer, const char *name, const std::optional<DpuShift> &shift, const char *fix, Findings &out)
{
    if (shift && !shift->fits())
        out.add({layer.id, Slot::Weight},
            fmt::format("{}: {} is {}, and the DPU has {}: its compiler stops there", layer.name, name, shift->value,
                rangeText(*shift)),
            fix);
}

void dpuShiftRange(const CheckFacts &facts, Findings &out)
{
    for (const DpuShifts &shifts : dpuPositions(facts.arrivals)) {
        const Layer &layer = facts.network.layer(shifts.layer);
        dpuShift(layer, "shift_cut", shifts.cut, "move the position of its weight or of its output", out);
        dpuShift(layer, "shift_bias", shifts.biasShift, "move the position of its bias", out);
    }
}

/// For the CPU alone in the table, or not in it.
constexpr std::array<std::string_view, 22> kCpuOperators = {"sigmoid", "tanh", "softmax", "logsoftmax", "gelu", "erf",
    "exp", "log", "pow", "sqrt", "reciprocal", "softplus", "softsign", "layernormalization", "layernorm",
    "instancenormalization", "groupnormalization", "groupnorm", "lrn", "einsum", "lstm", "gru"};

void dpuOperators(const CheckFacts &facts, Findings &out)
{
    addOperators(
        facts, out, Severity::Warning, [&](FlowNodeId id) { return isOfHost(facts.network.flow, id, kCpuOperators); },
        "the compiler leaves to the CPU, and cuts the network there:",
        "Hardsigmoid and Hardswish for Sigmoid and what is made of it, ReLU6 or LeakyReLU for Tanh; else leave it to "
        "the "
        "CPU knowingly");
}

constexpr std::string_view kDpuGuide = "Vitis AI 3.5, UG1414 and vai_q_pytorch";
constexpr std::string_view kDpuShiftSource = "Vitis AI 3.5, shift_cut and shift_bias of vai_q_pytorch and Quark";

constexpr std::array kDpuRules = {
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuKind},
    Rule{.id = "scale-not-power-of-two", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuScale},
    Rule{.id = "scale-per-channel", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuPerChannel},
    Rule{.id = "zero-point", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuZeroPoint},
    Rule{.id = "bit-width", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuBits},
    Rule{.id = "signedness", .severity = Severity::Error, .source = kDpuGuide, .ofSlot = dpuSign},
    Rule{.id = "rounding-mode",
        .severity = Severity::Note,
        .source = "Vitis AI 3.5, DPU_ROUND of XIR (built_in_ops.cpp)",
        .role = SlotRole::Activation,
        .ofSlot = dpuRounding},
    Rule{.id = "bias-scale-external", .severity = Severity::Warning, .source = kDpuGuide, .ofNetwork = dpuExternalBias},
    Rule{.id = "bias-float", .severity = Severity::Warning, .source = kDpuGuide, .ofNetwork = dpuFloatBias},
    Rule{.id = "weight-float", .severity = Severity::Warning, .source = kDpuGuide, .ofNetwork = dpuFloatWeight},
    Rule{.id = "input-float",
        .severity = Severity::Warning,
        .source = kDpuGuide,
        .ofNetwork = dpuFloatInput,
        .needsGraph = true},
    Rule{.id = "operator-unsupported",
        .severity = Severity::Warning,
        .source = "Vitis AI 3.5, UG1414, Operators Supported by PyTorch",
        .ofNetwork = dpuOperators,
        .needsGraph = true},
    Rule{.id = "shift-range", .severity = Severity::Error, .source = kDpuShiftSource, .ofNetwork = dpuShiftRange},
};

} // namespace

std::span<const Rule> dpuRules() { return kDpuRules; }

} // namespace quantscope
