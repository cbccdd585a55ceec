#include "checks/targets/onnx.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "network/dialect.h"
#include "quant/grid.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kMostQcdqBits = 8;
constexpr int kMostBiasBits = 32;

void onnxDialect(const CheckFacts &facts, Findings &out)
{
    const DialectTraits &traits = traitsOf(facts.network.dialect);
    if (!traits.saysItself || traits.standardOperators)
        return;
    out.add({},
        fmt::format("this file is {}: runtimes know the operators of ONNX itself, such as QuantizeLinear and "
                    "DequantizeLinear",
            traits.name),
        "export with brevitas.export.export_onnx_qcdq");
}

std::optional<SlotProblem> onnxKind(const CheckedSlot &checked)
{
    const QuantizerKind kind = checked.slot.quantizer->kind;
    if (kind == QuantizerKind::Affine)
        return std::nullopt;
    const bool floats = kind == QuantizerKind::Minifloat;
    return SlotProblem{floats ? "a minifloat: QuantizeLinear has float8 from opset 19 and float4 from opset 23 alone"
                              : fmt::format("QuantizeLinear has no {} quantizers", quantizerKindName(kind)),
        "an integer quantizer of 2 to 8 bits"};
}

/// A file that says its quantizers in these operators has widths that they have.
bool isNoStandardOnnx(const DialectTraits &traits) { return !traits.standardOperators; }

std::optional<SlotProblem> onnxBits(const CheckedSlot &checked)
{
    const auto bits = checked.slot.quantizer->bitWidth;
    if (checked.slot.slot == Slot::Bias || checked.slot.quantizer->kind != QuantizerKind::Affine || !bits
        || (*bits >= 2 && *bits <= kMostQcdqBits))
        return std::nullopt;
    return SlotProblem{
        fmt::format("it has {} bit{}: QuantizeLinear makes 8-bit integers (16 bits from opset 21 on), and a Clip "
                    "narrows them down to 2 bits",
            *bits, *bits == 1 ? "" : "s"),
        "bit_width from 2 to 8"};
}

std::optional<SlotProblem> onnxBiasBits(const CheckedSlot &checked)
{
    const auto bits = checked.slot.quantizer->bitWidth;
    if (!bits || *bits <= kMostBiasBits)
        return std::nullopt;
    return SlotProblem{fmt::format("it has {} bits: a bias is int32", *bits), "bias_quant=Int32Bias"};
}

std::optional<SlotProblem> onnxBiasZero(const CheckedSlot &checked)
{
    const auto zero = zeroPointText(*checked.slot.quantizer);
    if (!zero)
        return std::nullopt;
    return SlotProblem{fmt::format("its zero point is {}: that of an int32 bias is 0", *zero), "a symmetric quantizer"};
}

std::optional<SlotProblem> onnxZeroRange(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (!quantizer.isComplete() || quantizer.kind != QuantizerKind::Affine || !zeroPointText(quantizer)
        || quantizer.wordBits() > kMostQcdqBits)
        return std::nullopt;
    const CodeRange container = codeRange(kMostQcdqBits, *quantizer.isSigned, false);
    for (const float zero : quantizer.zeroPoint->values)
        if (!(zero >= static_cast<float>(container.min) && zero <= static_cast<float>(container.max))
            || zero != static_cast<float>(static_cast<int>(zero)))
            return SlotProblem{fmt::format("its zero point {} is no integer of its 8-bit type", zero),
                "quantize_zero_point=True, or a symmetric quantizer"};
    return std::nullopt;
}

std::optional<SlotProblem> onnxRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rounding == Rounding::Round)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it rounds by {}: QuantizeLinear rounds half to even", roundingName(quantizer.rounding)),
        "float_to_int_impl_type=ROUND"};
}

std::optional<SlotProblem> onnxBlocks(const CheckedSlot &checked)
{
    const auto &block = checked.slot.quantizer->blockSize;
    if (!block)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it has a scale for each block of {}: DequantizeLinear has block_size from opset 21 on", *block),
        "one scale for the tensor or for each output channel, where the runtime is older"};
}

void onnxInternalBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Internal), Slot::Bias,
        "its scale is its own (internal scale): kernels that compute with integers (QLinearConv) want that of weight "
        "times input, so the layer runs in float",
        "write bias_quant=Int32Bias");
}

void onnxFloatBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Float), Slot::Bias,
        "it is float: runtimes take it, and quantize it to int32 or run the layer in float",
        "write bias_quant=Int32Bias where integers matter");
}

constexpr std::string_view kQuantizeLinear = "ONNX opsets 13 to 25, QuantizeLinear and DequantizeLinear";
constexpr std::string_view kOnnxRuntime = "ONNX Runtime 1.20, QDQ and QLinearConv";

constexpr std::array kOnnxRules = {
    Rule{.id = "dialect", .severity = Severity::Error, .source = kOnnxRuntime, .ofNetwork = onnxDialect},
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kQuantizeLinear, .ofSlot = onnxKind},
    Rule{.id = "bit-width",
        .severity = Severity::Error,
        .source = kQuantizeLinear,
        .ofSlot = onnxBits,
        .holdsFor = isNoStandardOnnx},
    Rule{.id = "bit-width",
        .severity = Severity::Error,
        .source = kQuantizeLinear,
        .role = SlotRole::Bias,
        .ofSlot = onnxBiasBits},
    Rule{.id = "zero-point",
        .severity = Severity::Error,
        .source = kQuantizeLinear,
        .role = SlotRole::Bias,
        .ofSlot = onnxBiasZero},
    Rule{.id = "zero-point", .severity = Severity::Error, .source = kQuantizeLinear, .ofSlot = onnxZeroRange},
    Rule{.id = "rounding-mode",
        .severity = Severity::Error,
        .source = kQuantizeLinear,
        .role = SlotRole::Activation,
        .ofSlot = onnxRounding},
    Rule{.id = "scale-per-channel", .severity = Severity::Warning, .source = kQuantizeLinear, .ofSlot = onnxBlocks},
    Rule{.id = "bias-scale-internal",
        .severity = Severity::Warning,
        .source = kOnnxRuntime,
        .ofNetwork = onnxInternalBias},
    Rule{.id = "bias-float", .severity = Severity::Note, .source = kOnnxRuntime, .ofNetwork = onnxFloatBias},
};

} // namespace

std::span<const Rule> onnxRules() { return kOnnxRules; }

} // namespace quantscope
