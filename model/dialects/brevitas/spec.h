#pragma once

#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/settings.h"
#include "dialects/brevitas/version.h"

#include <map>
#include <optional>
#include <string>

namespace quantscope {

enum class ExponentRounding { HalfEven, Ceil, Floor };

/// Which of Brevitas' int_scaling_impl a threshold is divided by.
struct IntScaling {
    bool isSigned = true;
    bool narrow = false;
    bool powerOfTwo = false;
    bool operator==(const IntScaling &) const = default;
};

/// A preset with its overrides and version applied: the numbers that the arithmetic needs.
struct QuantizerSpec {
    const Preset *preset = nullptr;
    int version = kDefaultVersion;
    QuantizerKind kind = QuantizerKind::Affine;
    Special special = Special::None;
    ScaleSource source = ScaleSource::Stats;
    Statistic statistic = Statistic::AbsMax;
    Restriction restriction = Restriction::Float;
    ExponentRounding exponentRounding = ExponentRounding::HalfEven;
    std::optional<bool> powerOfTwoDivisor; ///< int_scaling_impl: otherwise the restriction tells
    Rounding rounding = Rounding::Round;
    ZeroPointSource zeroPoint = ZeroPointSource::None;
    int bits = 8; ///< 0: computed (IntBias)
    std::optional<bool> inputWidth; ///< requires_input_bit_width: the accumulator's, whatever bit_width says
    int minimumBits = 2; ///< base of a learned bit width
    bool bitsGiven = false; ///< by the keyword bit_width
    std::optional<bool> bitsStored; ///< bit_width_impl_type: parameter and stateful_const keep them in the file
    bool isSigned = true;
    bool narrow = false;
    bool perChannel = false;
    /// scaling_impl_type=parameter: learned from a given value, not from statistics. From 0.11 on its divisor is
    /// restricted apart.
    bool initialised = false;
    bool he = false; ///< scaling_impl_type=he: a constant of the layer's shape, whatever scaling_stats_op says
    bool affine = false; ///< affine_stats: weight and bias applied in the stored domain
    std::optional<IntScaling> intScaling; ///< another one than its own
    bool before06 = false; ///< keys of that time and no word on the restriction: it was LOG_FP then
    bool off = false; ///< quant_type=fp: no quantizer
    bool decoded = true;
    std::string undecodedWhy;
    std::optional<float> minimum;
    std::optional<float> constant;
    std::optional<float> constantLog2; ///< of scaling_init in log domains
    float sigma = 3.0f;
    double highPercentile = 99.999, lowPercentile = 0.001;
    std::optional<float> ternaryThreshold; ///< quant_type=ternary
    std::optional<int> accumulatorBits;
    LearnedDecision decision; ///< of learned rounding; matters from 0.12 on
    std::vector<std::string> missing; ///< keywords that a solver needs and nothing gives
    std::vector<std::string> ignored; ///< keywords that Brevitas takes and never reads here
    std::map<std::string, Provenance> origin; ///< bit_width, signed, narrow, rounding, granularity, a constant's scale
};

/// What the defaults were before 0.6 where nothing else is said: thresholds are logarithms, clamped to 2^-16.
void takeDefaultsBefore06(QuantizerSpec &spec, const SlotSettings &settings);
inline constexpr std::string_view kLogBefore06 = "that it is a logarithm, the default before Brevitas 0.6,";

/// Applies the overrides. The error is a sentence: a value that cannot be, a preset of another version.
tl::expected<QuantizerSpec, std::string> makeSpec(const SlotSettings &settings, int version);

} // namespace quantscope
