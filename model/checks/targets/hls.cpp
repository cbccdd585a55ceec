#include "checks/targets/hls.h"

#include "checks/layer_queries.h"
#include "checks/quantizer_facts.h"
#include "quant/fixed_point.h"
#include "quant/grid.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::optional<SlotProblem> hlsKind(const CheckedSlot &checked)
{
    if (hasIntegerGrid(*checked.slot.quantizer))
        return std::nullopt;
    return SlotProblem{fmt::format("{} quantizers have no integer codes, so no fixed-point type holds them",
                           quantizerKindName(checked.slot.quantizer->kind)),
        "an integer quantizer"};
}

std::optional<SlotProblem> hlsScale(const CheckedSlot &checked)
{
    const auto off = scaleOffPowersOfTwo(*checked.slot.quantizer);
    if (!off)
        return std::nullopt;
    return SlotProblem{
        fmt::format("its scale {} is no power of two: no fixed-point type holds its values, so hardware computes "
                    "with the integers and multiplies when it leaves the layer",
            *off),
        "restrict_scaling_type=POWER_OF_TWO (the FixedPoint presets); 'quantscope compare --power-of-two' shows what "
        "it costs"};
}

/// "4 to 9".
std::string hlsFractions(const std::vector<int> &bits)
{
    const auto [low, high] = std::ranges::minmax(bits);
    return fmt::format("{} to {}", low, high);
}

std::optional<SlotProblem> hlsPerChannel(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    if (!hasSeveral(quantizer.scale))
        return std::nullopt;
    const FracBits bits = fractionalBits(*quantizer.scale);
    if (const auto *each = std::get_if<std::vector<int>>(&bits))
        return SlotProblem{
            fmt::format("its channels have {} fractional bits: one type holds none of them, and a shifter "
                        "for each channel costs hardware",
                hlsFractions(*each)),
            "scaling_per_output_channel=False"};
    return SlotProblem{fmt::format("it has {}: a multiplier and a table of factors for the channels cost hardware",
                           gridScaleText(quantizer)),
        "scaling_per_output_channel=False with restrict_scaling_type=POWER_OF_TWO"};
}

std::optional<SlotProblem> hlsZeroPoint(const CheckedSlot &checked)
{
    const auto zero = zeroPointText(*checked.slot.quantizer);
    if (!zero)
        return std::nullopt;
    return SlotProblem{
        fmt::format("its zero point is {}: a fixed-point type has none, so hardware subtracts it or corrects the "
                    "sums",
            *zero),
        "a symmetric quantizer"};
}

/// AP_RND_CONV, AP_TRN, AP_TRN_ZERO, AP_RND_INF and the like; none rounds up alone.
std::optional<SlotProblem> hlsRounding(const CheckedSlot &checked)
{
    const Quantizer &quantizer = *checked.slot.quantizer;
    const bool hasNoMode = quantizer.rounding == Rounding::Ceil || quantizer.rounding == Rounding::Up
        || quantizer.rounding == Rounding::Dpu || quantizer.rounding == Rounding::LearnedRound;
    if (quantizer.kind != QuantizerKind::Affine || !hasNoMode)
        return std::nullopt;
    return SlotProblem{fmt::format("it rounds by {}, for which ap_fixed has no mode", roundingName(quantizer.rounding)),
        "float_to_int_impl_type=ROUND (AP_RND_CONV), FLOOR (AP_TRN) or ROUND_TO_ZERO (AP_TRN_ZERO)"};
}

void hlsFloatBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Float), Slot::Bias,
        "it is float, so no integers of it can be exported", "write bias_quant=Int16Bias, Int24Bias or Int32Bias");
}

void hlsInternalBias(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithBias(facts, BiasScale::Internal), Slot::Bias,
        "its scale is its own (internal scale): it is shifted, or multiplied, onto the grid of the sums before it is "
        "added",
        "write bias_quant=Int16Bias, Int24Bias or Int32Bias, or shift it by the difference of the fractional bits");
}

void hlsFloatWeight(const CheckFacts &facts, Findings &out)
{
    addForEach(out, layersWithFloatWeight(facts), Slot::Weight,
        "nothing quantizes it, so no integers of it can be exported", "a weight_quant for it");
}

void hlsFloatInput(const CheckFacts &facts, Findings &out)
{
    addFloatInputs(facts, out, "its sums are no integers", "QuantIdentity(return_quant_tensor=True) before it");
}

constexpr std::string_view kHlsTypes = "ap_fixed of Vitis HLS, ac_fixed and sc_fixed (IEEE 1666)";
constexpr std::string_view kHlsExport = "integer arithmetic";

constexpr std::array kHlsRules = {
    Rule{.id = "quantizer-kind", .severity = Severity::Error, .source = kHlsTypes, .ofSlot = hlsKind},
    Rule{.id = "scale-not-power-of-two", .severity = Severity::Warning, .source = kHlsTypes, .ofSlot = hlsScale},
    Rule{.id = "scale-per-channel", .severity = Severity::Warning, .source = kHlsTypes, .ofSlot = hlsPerChannel},
    Rule{.id = "zero-point", .severity = Severity::Warning, .source = kHlsTypes, .ofSlot = hlsZeroPoint},
    Rule{.id = "rounding-mode",
        .severity = Severity::Warning,
        .source = kHlsTypes,
        .role = SlotRole::Activation,
        .ofSlot = hlsRounding},
    Rule{.id = "bias-float", .severity = Severity::Warning, .source = kHlsExport, .ofNetwork = hlsFloatBias},
    Rule{.id = "bias-scale-internal", .severity = Severity::Note, .source = kHlsExport, .ofNetwork = hlsInternalBias},
    Rule{.id = "weight-float", .severity = Severity::Warning, .source = kHlsExport, .ofNetwork = hlsFloatWeight},
    Rule{.id = "input-float",
        .severity = Severity::Warning,
        .source = kHlsExport,
        .ofNetwork = hlsFloatInput,
        .needsGraph = true},
};

} // namespace

std::span<const Rule> hlsRules() { return kHlsRules; }

} // namespace quantscope
