#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Where the threshold or scale of a quantizer comes from (Brevitas' scaling_impl_type and its relatives).
enum class ScaleSource {
    Stats, ///< recomputed from the tensor at every forward pass
    Stored, ///< scaling_impl.value: learned, collected or searched
    RuntimeStats, ///< running statistics with an affine factor
    Constant,
    WeightTimesInput, ///< external bias
    Input, ///< truncation keeps its input's scale
};
/// Brevitas' scaling_stats_op; `He` is scaling_impl_type=he.
enum class Statistic {
    AbsMax,
    MinMax,
    Mean,
    MeanOfChannelMax,
    MeanSigmaStd,
    Percentile,
    PercentileInterval,
    He,
    RootMeanSquareOfChannelMax
};
/// Brevitas' restrict_scaling_type.
enum class Restriction { Float, LogFloat, PowerOfTwo };
/// Zero point of shifted presets.
enum class ZeroPointSource { None, Stats, StatsUnrounded, Stored, StoredUnrounded };
/// The presets whose codes do not come from x / scale alone.
enum class Special { None, Decoupled, WeightNorm, AccumulatorAware, AccumulatorAwareZeroCenter };

/// One row of Brevitas' preset table (Brevitas 0.6.0 to 0.12.1). Versions are minor numbers times ten plus patch:
/// 60 is 0.6.0, 101 is 0.10.1.
struct Preset {
    std::string_view name;
    Slot slot = Slot::Weight; ///< Weight, Bias, Trunc, or Act for every activation
    int since = 60;
    int bits = 8; ///< 0: computed from the layer (IntBias)
    bool isSigned = true;
    bool narrow = false;
    ScaleSource source = ScaleSource::Stats;
    Restriction restriction = Restriction::Float;
    bool fixedPoint
        = false; ///< the exponent is rounded up (0.6: to nearest); overrides to POWER_OF_TWO round to nearest
    bool perChannel = false;
    Statistic statistic = Statistic::AbsMax;
    float constant = 0; ///< of Constant sources; activations take max(|min_val|, |max_val|) when given
    ZeroPointSource zeroPoint = ZeroPointSource::None;
    QuantizerKind kind = QuantizerKind::Affine;
    Special special = Special::None;
    Rounding rounding = Rounding::Round;
    bool hasMinimum = true; ///< scaling_min_val 1e-10 from 0.8 on
    bool decoded = true; ///< false: listed, but its arithmetic is not built
    int exponentBits = 0; ///< minifloats
    int mantissaBits = 0;
};

std::span<const Preset> presets();
const Preset *findPreset(std::string_view name);
/// Whether Brevitas of that version has the preset: what a recipe may name, and what is worth offering.
bool existsIn(const Preset &preset, int version);
/// Names for 'did you mean' and the interface's choice: those of a slot (input, output, io, ... are activations), all
/// when empty.
std::vector<std::string> presetNames(std::optional<Slot> slot = {});
/// The solvers, from which people derive quantizers of their own with every field as a keyword: presets that no version
/// lists and that have no field of their own.
std::vector<std::string> solverNames(std::optional<Slot> slot = {});
bool isSolver(const Preset &preset);
/// Weight, Bias, Trunc, or Act for every activation slot.
Slot presetSlot(Slot slot);

} // namespace quantscope
