#include "checks/targets/pytorch.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "network/dialect.h"
#include "quant/grid.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kMostTorchBits = 8;

void torchDialect(const CheckFacts &facts, Findings &out)
{
    const DialectTraits &traits = traitsOf(facts.network.dialect);
    if (!traits.saysItself || facts.network.file->format != "onnx")
        return;
    out.add({}, fmt::format("this file is {}: PyTorch reads no ONNX", traits.name),
        "export with brevitas.export.export_torch_qcdq");
}

std::optional<SlotProblem> torchKind(const CheckedSlot &checked)
{
    const QuantizerKind kind = checked.slot.quantizer->kind;
    if (kind == QuantizerKind::Affine)
        return std::nullopt;
    return SlotProblem{fmt::format("quantized tensors of PyTorch have no {} quantizers", quantizerKindName(kind)),
        "an integer quantizer of 2 to 8 bits"};
}

std::optional<SlotProblem> torchBits(const CheckedSlot &checked)
{
    const auto bits = checked.slot.quantizer->bitWidth;
    if (checked.slot.quantizer->kind != QuantizerKind::Affine || !bits || *bits <= kMostTorchBits)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it has {} bits: quantized operators take 8 (qint8 weights, quint8 activations)", *bits),
        "bit_width=8 or less"};
}

/// fbgemm and qnnpack multiply quint8 with qint8.
std::optional<SlotProblem> torchSignedActivation(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.isSigned != true)
        return std::nullopt;
    return SlotProblem{
        "it is signed (qint8): quantized operators read quint8, so the layer behind it is computed in float, "
        "as the QCDQ export does",
        "ShiftedUint8ActPerTensorFloat where integer kernels matter"};
}

std::optional<SlotProblem> torchUnsignedWeight(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.isSigned != false)
        return std::nullopt;
    return SlotProblem{"it is unsigned (quint8): quantized operators take qint8 weights",
        "Int8WeightPerTensorFloat or Int8WeightPerChannelFloat"};
}

std::optional<SlotProblem> torchRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rounding == Rounding::Round)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it rounds by {}: torch.quantize_per_tensor rounds half to even", roundingName(quantizer.rounding)),
        "float_to_int_impl_type=ROUND"};
}

std::optional<SlotProblem> torchReciprocal(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rule == CodeRule::ReciprocalRoundAdd
        || quantizer.rule == CodeRule::Stored)
        return std::nullopt;
    const auto off = scaleOffPowersOfTwo(quantizer);
    if (!off)
        return std::nullopt;
    return SlotProblem{
        fmt::format("its scale {} is no power of two: PyTorch multiplies by the reciprocal instead of dividing, "
                    "so that a value near a tie may get the next code",
            *off),
        "nothing, where one code in a few thousand does not matter; else a power of two"};
}

void torchInternalBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Internal), Slot::Bias,
        "its scale is its own (internal scale): quantized operators take the bias in float and round it to the scale "
        "of weight times input",
        "write bias_quant=Int32Bias");
}

constexpr std::string_view kTorchQuantized = "PyTorch 1.13, torch.ao and quantized operators (fbgemm, qnnpack)";

constexpr std::array kTorchRules = {
    Rule{.id = "dialect", .severity = Severity::Error, .source = "PyTorch 1.13", .ofNetwork = torchDialect},
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kTorchQuantized, .ofSlot = torchKind},
    Rule{.id = "bit-width",
        .severity = Severity::Error,
        .source = kTorchQuantized,
        .role = SlotRole::Weight,
        .ofSlot = torchBits},
    Rule{.id = "bit-width",
        .severity = Severity::Error,
        .source = kTorchQuantized,
        .role = SlotRole::Activation,
        .ofSlot = torchBits},
    Rule{.id = "signedness",
        .severity = Severity::Note,
        .source = kTorchQuantized,
        .role = SlotRole::Activation,
        .ofSlot = torchSignedActivation},
    Rule{.id = "signedness",
        .severity = Severity::Warning,
        .source = kTorchQuantized,
        .role = SlotRole::Weight,
        .ofSlot = torchUnsignedWeight},
    Rule{.id = "rounding-mode",
        .severity = Severity::Error,
        .source = kTorchQuantized,
        .role = SlotRole::Activation,
        .ofSlot = torchRounding},
    Rule{.id = "reciprocal-scale",
        .severity = Severity::Note,
        .source = kTorchQuantized,
        .role = SlotRole::Activation,
        .ofSlot = torchReciprocal},
    Rule{.id = "bias-scale-internal",
        .severity = Severity::Warning,
        .source = kTorchQuantized,
        .ofNetwork = torchInternalBias},
};

} // namespace

std::span<const Rule> pytorchRules() { return kTorchRules; }

} // namespace quantscope
