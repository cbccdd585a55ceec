#include "checks/targets/hls4ml.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "network/dialect.h"
#include "quant/fixed_point.h"
#include "quant/grid.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

void hls4mlDialect(const CheckFacts &facts, Findings &out)
{
    const DialectTraits &traits = traitsOf(facts.network.dialect);
    if (!traits.saysItself || traits.quantOperators || facts.slots.empty()) // a float graph is read as it is
        return;
    out.add({},
        fmt::format(
            "this file is {}: of quantized graphs hls4ml reads QONNX alone, and stops at the first operator that "
            "it does not know",
            traits.name),
        std::string(wayToQonnx(facts.network)));
}

/// What its reader has handlers for; Gemm and constants go in qonnx' clean-up, which it asks for.
constexpr std::array<std::string_view, 37> kHls4mlOperators = {"Conv", "MatMul", "Gemm", "BatchNormalization", "Quant",
    "IntQuant", "BipolarQuant", "Relu", "Tanh", "Sigmoid", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Elu", "Selu",
    "PRelu", "Softmax", "Softsign", "Softplus", "Add", "Sub", "Mul", "Div", "Average", "Max", "Min", "Concat", "Sum",
    "AveragePool", "MaxPool", "GlobalMaxPool", "GlobalAveragePool", "Transpose", "Reshape", "Flatten", "Resize", "Pad"};

bool isReadByHls4ml(std::string_view opType)
{
    return std::ranges::find(kHls4mlOperators, opType) != kHls4mlOperators.end() || opType == "Dropout"
        || opType == "Identity" || opType == "Constant";
}

bool isQonnxFile(const DialectTraits &traits) { return traits.quantOperators; }

void hls4mlOperators(const CheckFacts &facts, Findings &out)
{
    const Flow &flow = facts.network.flow;
    addOperators(
        facts, out, Severity::Error, [&](FlowNodeId id) { return !isReadByHls4ml(flow.node(id).opType); },
        "hls4ml does not read", "write the network without it, or leave what is behind it to the host");
}

std::optional<SlotProblem> hls4mlKind(const CheckedSlot &checked)
{
    if (hasIntegerGrid(*checked.slot.quantizer))
        return std::nullopt;
    return SlotProblem{fmt::format("hls4ml reads no {} quantizers", quantizerKindName(checked.slot.quantizer->kind)),
        "an integer quantizer"};
}

std::optional<SlotProblem> hls4mlRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.rounding == Rounding::Round
        || quantizer.rounding == Rounding::Floor)
        return std::nullopt;
    return SlotProblem{
        fmt::format("it rounds by {}: hls4ml takes ROUND and FLOOR alone", roundingName(quantizer.rounding)),
        "float_to_int_impl_type=ROUND or FLOOR"};
}

std::optional<SlotProblem> hls4mlNarrow(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (quantizer.kind != QuantizerKind::Affine || quantizer.narrow != true || quantizer.isSigned != false)
        return std::nullopt;
    return SlotProblem{"its range is narrow and unsigned, which hls4ml refuses", "narrow_range=False"};
}

std::optional<SlotProblem> hls4mlScale(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    const auto off = quantizer.kind == QuantizerKind::Affine ? scaleOffPowersOfTwo(quantizer) : std::nullopt;
    if (!off)
        return std::nullopt;
    return SlotProblem{
        fmt::format("its scale {} is no power of two: hls4ml computes with integers and multiplies in a layer "
                    "of its own (ApplyAlpha), whose default type fixed<16,6> rounds the scale",
            *off),
        "restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets), or a wider Precision for that scale in the "
        "configuration"};
}

std::optional<SlotProblem> hls4mlZeroPoint(const CheckedSlot &checked)
{
    const auto zero = zeroPointText(*checked.slot.quantizer);
    if (!zero)
        return std::nullopt;
    return SlotProblem{
        fmt::format("its zero point is {}: hls4ml adds it in a layer of its own (ApplyAlpha), whose default "
                    "type fixed<16,6> may round it",
            *zero),
        "a symmetric quantizer"};
}

std::optional<SlotProblem> hls4mlPerChannel(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (!hasSeveral(quantizer.scale))
        return std::nullopt;
    return SlotProblem{
        fmt::format("it has {}: no fixed-point type has one binary point for each channel, and hls4ml may "
                    "fail to read such a model",
            gridScaleText(quantizer)),
        "scaling_per_output_channel=False"};
}

void hls4mlFloatBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Float), Slot::Bias,
        "it is float: hls4ml rounds it to the layer's default precision (fixed<16,6>)",
        "a bias_quant, or a Precision for the bias in the configuration");
}

void hls4mlFloatWeight(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithFloatWeight(facts), Slot::Weight,
        "nothing quantizes it: hls4ml rounds it to the default precision (fixed<16,6>)", "a weight_quant for it");
}

constexpr std::string_view kHls4mlQuant = "hls4ml 1.3.0, model/optimizer/passes/quant_opt.py";
constexpr std::string_view kHls4mlReader = "hls4ml 1.3.0, converters/onnx_to_hls.py";

constexpr std::array kHls4mlRules = {
    Rule{.id = "dialect", .severity = Severity::Error, .source = kHls4mlReader, .ofNetwork = hls4mlDialect},
    Rule{.id = "dialect", .severity = Severity::Error, .source = kHls4mlQuant, .ofNetwork = addFaultyExport},
    Rule{.id = "operator-unsupported",
        .severity = Severity::Error,
        .source = kHls4mlReader,
        .ofNetwork = hls4mlOperators,
        .holdsFor = isQonnxFile},
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kHls4mlReader, .ofSlot = hls4mlKind},
    Rule{.id = "rounding-mode", .severity = Severity::Error, .source = kHls4mlQuant, .ofSlot = hls4mlRounding},
    Rule{.id = "narrow-range", .severity = Severity::Error, .source = kHls4mlQuant, .ofSlot = hls4mlNarrow},
    Rule{.id = "scale-not-power-of-two", .severity = Severity::Warning, .source = kHls4mlQuant, .ofSlot = hls4mlScale},
    Rule{.id = "zero-point", .severity = Severity::Warning, .source = kHls4mlQuant, .ofSlot = hls4mlZeroPoint},
    Rule{.id = "scale-per-channel", .severity = Severity::Warning, .source = kHls4mlQuant, .ofSlot = hls4mlPerChannel},
    Rule{.id = "bias-float", .severity = Severity::Note, .source = kHls4mlQuant, .ofNetwork = hls4mlFloatBias},
    Rule{.id = "weight-float", .severity = Severity::Warning, .source = kHls4mlQuant, .ofNetwork = hls4mlFloatWeight},
};

} // namespace

std::span<const Rule> hls4mlRules() { return kHls4mlRules; }

} // namespace quantscope
