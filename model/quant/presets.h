#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Where a threshold or scale comes from.
enum class ScaleSource {
    Stats,          ///< recomputed from the tensor
    Stored,         ///< scaling_impl.value
    RuntimeStats,   ///< running statistics, with an affine factor
    Constant,       ///< the preset's or the recipe's constant
    WeightTimesInput, ///< external bias
    Input,          ///< the input's scale (truncation)
};
enum class Statistic { AbsMax, AbsMaxPerChannelMean, MinMax, Mean, MeanSigmaStd, Percentile, PercentileInterval };
/// Brevitas' restrict_scaling_type.
enum class Restriction { Float, LogFloat, PowerOfTwo };

/// One row of Brevitas' preset table. Overrides change a copy of it.
struct Preset {
    std::string_view name;
    std::string_view slots;     ///< "weight", "bias", "act", "trunc"
    int since = 0;              ///< minor version: 6 for 0.6.0
    QuantizerKind kind = QuantizerKind::Affine;
    int bits = 8;               ///< 0: computed (IntBias)
    bool isSigned = true;
    bool narrow = false;
    bool perChannel = false;
    ScaleSource source = ScaleSource::Stats;
    Statistic statistic = Statistic::AbsMax;
    Restriction restriction = Restriction::Float;
    float constant = 0;
    bool decoded = true;        ///< false: listed, but its arithmetic is not built
};

std::span<const Preset> presets();
const Preset *findPreset(std::string_view name);
/// Names, for 'did you mean' and the interface's choice: those of a slot, all when it is empty.
std::vector<std::string> presetNames(std::string_view slot = {});

/// A keyword override that Brevitas knows.
struct Override {
    std::string_view name;
    bool onlyTraining = false; ///< accepted and shown, changes no number
    bool decoded = true;
};
std::span<const Override> overrides();
const Override *findOverride(std::string_view name);
std::vector<std::string> overrideNames();

/// Slots that a recipe may name.
std::span<const std::string_view> slotNames();

} // namespace quantscope
