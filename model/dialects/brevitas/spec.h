#pragma once

#include "dialects/brevitas/presets.h"
#include "recipe/recipe.h"

#include <map>
#include <optional>
#include <string>

namespace quantscope {

/// Version as a number: "0.10.2" -> 102, "0.6.0" -> 60. nullopt when it is not one of 0.6.0 .. 0.12.x.
std::optional<int> brevitasVersion(const std::string &text);
inline constexpr int kDefaultVersion = 102;
/// 102 -> "0.10.2".
std::string versionText(int version);

/// What input_bit_width and input_scale of a recipe may be.
bool isBitWidth(double value);
bool isScale(double value);

/// Everything a recipe says about one slot once its entries are merged.
struct SlotSettings {
    std::string preset; ///< empty: nothing said
    int presetEntry = 0; ///< recipe entry that gave it; 0: assumed
    std::string sharedWith;
    bool sharesWhole = false; ///< by an entry without a slot: whatever quantizers the other layer has
    std::string input;
    std::optional<double> inputScale, inputBitWidth;
    std::optional<bool> inputSigned;
    std::vector<std::pair<std::string, std::string>> overrides;
    std::map<std::string, int> overrideEntry; ///< keyword -> recipe entry
    bool mentioned = false;

    std::optional<std::string> value(std::string_view keyword) const;
};

/// An entry without a slot, but with a preset, speaks only of the slots that can have it: `match = "*"` and a weight
/// preset.
bool speaksOf(const RecipeQuantizer &entry, const std::string &layer, Slot slot);

/// Merges a recipe's entries for a slot: one with preset or shared_with replaces, others add; later wins.
/// `reachedByWildcards` is false for batch-norm parameters.
SlotSettings settingsFor(const Recipe &recipe, const std::string &layer, Slot slot, bool reachedByWildcards = true);

/// The last [[layer]] that merges a batch norm into a layer, or null.
const RecipeLayer *batchNormEntry(const Recipe &recipe, const std::string &layer);
bool sameBatchNorm(const Recipe &a, const Recipe &b, const std::string &layer);

enum class ExponentRounding { HalfEven, Ceil, Floor };

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
    Rounding rounding = Rounding::Round;
    ZeroPointSource zeroPoint = ZeroPointSource::None;
    int bits = 8; ///< 0: computed (IntBias)
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
    std::vector<std::string> ignored; ///< keywords that Brevitas takes and never reads here
    std::map<std::string, Provenance> origin; ///< bit_width, signed, narrow, rounding, granularity, a constant's scale
};

/// Applies the overrides. The error is a sentence: a value that cannot be, a preset of another version.
tl::expected<QuantizerSpec, std::string> makeSpec(const SlotSettings &settings, int version);

} // namespace quantscope
