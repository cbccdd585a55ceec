#include "quant/presets.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr auto kStats = ScaleSource::Stats;
constexpr auto kStored = ScaleSource::Stored;
constexpr auto kConst = ScaleSource::Constant;
constexpr auto kExternal = ScaleSource::WeightTimesInput;
constexpr auto kFp = Restriction::Float;
constexpr auto kLog = Restriction::LogFloat;
constexpr auto kPot = Restriction::PowerOfTwo;

constexpr Preset weight(
    std::string_view name, int since, int bits, ScaleSource source, Restriction restriction, bool perChannel = false)
{
    Preset p{.name = name, .slot = "weight", .since = since, .bits = bits};
    p.narrow = true;
    p.source = source;
    p.restriction = restriction;
    p.fixedPoint = restriction == kPot;
    p.perChannel = perChannel;
    return p;
}

constexpr Preset shiftedWeight(
    std::string_view name, int since, ScaleSource source, ZeroPointSource zero, bool perChannel)
{
    Preset p = weight(name, since, 8, source, kFp, perChannel);
    p.isSigned = false;
    p.narrow = false;
    p.statistic = Statistic::MinMax;
    p.zeroPoint = zero;
    return p;
}

constexpr Preset decoupled(std::string_view name, int since, int bits, Restriction restriction, bool perChannel)
{
    Preset p = weight(name, since, bits, kStored, restriction, perChannel);
    p.special = Special::Decoupled;
    p.statistic = perChannel ? Statistic::AbsMax : Statistic::RootMeanSquareOfChannelMax;
    return p;
}

constexpr Preset normed(std::string_view name, int since, Special special)
{
    Preset p = weight(name, since, 8, kStored, kLog, true);
    p.special = special;
    p.rounding = special == Special::WeightNorm ? Rounding::Round : Rounding::RoundToZero;
    return p;
}

constexpr Preset bias(std::string_view name, int since, int bits, ScaleSource source, Restriction restriction = kFp)
{
    Preset p{.name = name, .slot = "bias", .since = since, .bits = bits};
    p.source = source;
    p.restriction = restriction;
    p.fixedPoint = restriction == kPot;
    return p;
}

constexpr Preset act(std::string_view name, int since, bool isSigned, Restriction restriction, bool hasMinimum = true)
{
    Preset p{.name = name, .slot = "act", .since = since};
    p.isSigned = isSigned;
    p.source = kStored;
    p.restriction = restriction;
    p.fixedPoint = restriction == kPot;
    p.hasMinimum = hasMinimum;
    return p;
}

constexpr Preset shiftedAct(std::string_view name, int since, Restriction restriction)
{
    Preset p = act(name, since, false, restriction);
    p.zeroPoint = ZeroPointSource::Stored;
    return p;
}

constexpr Preset batchQuant(std::string_view name, bool isSigned)
{
    Preset p = act(name, 90, isSigned, kFp);
    p.source = ScaleSource::RuntimeStats;
    return p;
}

constexpr Preset constant(std::string_view name, std::string_view slot, int bits, QuantizerKind kind, float value)
{
    Preset p{.name = name, .slot = slot, .since = 60, .bits = bits};
    p.narrow = true;
    p.source = kConst;
    p.kind = kind == QuantizerKind::Binary ? kind : QuantizerKind::Affine; // ternary presets are 2-bit narrow integers
    p.constant = value;
    return p;
}

constexpr Preset minifloat(
    std::string_view name, std::string_view slot, bool perChannel, int exponentBits, int mantissaBits)
{
    Preset p{.name = name, .slot = slot, .since = 100};
    // The presets without 'PerTensor' or 'PerChannel' in their name have no scale: 1.
    p.source = name.find("Per") == std::string_view::npos ? kConst : slot == "act" ? kStored : kStats;
    p.constant = 1.0f;
    p.perChannel = perChannel;
    p.kind = QuantizerKind::Minifloat;
    p.exponentBits = exponentBits;
    p.mantissaBits = mantissaBits;
    return p;
}

constexpr Preset undecoded(std::string_view name, std::string_view slot, QuantizerKind kind = QuantizerKind::Minifloat)
{
    Preset p{.name = name, .slot = slot, .since = 110};
    p.kind = kind;
    p.decoded = false;
    return p;
}

constexpr std::array kPresets = {
    weight("Int8WeightPerTensorFloat", 60, 8, kStats, kFp), // a layer's default
    weight("Int8WeightPerTensorFixedPoint", 60, 8, kStats, kPot),
    weight("Int8WeightPerChannelFloat", 80, 8, kStats, kFp, true),
    weight("Int8WeightPerChannelFixedPoint", 100, 8, kStats, kPot, true), // plain float before 0.12: see the spec
    weight("Int8WeightPerTensorFloatMSE", 100, 8, kStored, kFp),
    weight("Int8WeightPerTensorFixedPointMSE", 100, 8, kStored, kPot),
    weight("Int8WeightPerChannelFloatMSE", 100, 8, kStored, kFp, true),
    weight("Int8WeightPerChannelFixedPointMSE", 100, 8, kStored, kPot, true),
    weight("Int8WeightPerTensorFloatHQO", 110, 8, kStored, kFp),
    weight("Int8WeightPerChannelFloatHQO", 110, 8, kStored, kFp, true),
    shiftedWeight("ShiftedUint8WeightPerTensorFloat", 60, kStats, ZeroPointSource::Stats, false),
    shiftedWeight("ShiftedUint8WeightPerChannelFloat", 80, kStats, ZeroPointSource::Stats, true),
    shiftedWeight("ShiftedUint8WeightPerTensorFloatMSE", 100, kStored, ZeroPointSource::Stored, false),
    shiftedWeight("ShiftedUint8WeightPerChannelFloatMSE", 100, kStored, ZeroPointSource::Stored, true),
    shiftedWeight("ShiftedUint8WeightPerTensorFloatHQO", 110, kStats, ZeroPointSource::StoredUnrounded, false),
    shiftedWeight("ShiftedUint8WeightPerChannelFloatHQO", 110, kStats, ZeroPointSource::StoredUnrounded, true),
    constant("SignedBinaryWeightPerTensorConst", "weight", 1, QuantizerKind::Binary, 0.1f),
    constant("SignedTernaryWeightPerTensorConst", "weight", 2, QuantizerKind::Ternary, 0.1f),
    decoupled("Int4WeightPerTensorFloatDecoupled", 60, 4, kFp, false),
    decoupled("Int4WeightPerTensorFixedPointDecoupled", 60, 4, kPot, false),
    decoupled("Int8WeightPerChannelFloatDecoupled", 80, 8, kFp, true),
    normed("Int8WeightNormL2PerChannelFixedPoint", 90, Special::WeightNorm),
    normed("Int8AccumulatorAwareWeightQuant", 90, Special::AccumulatorAware),
    normed("Int8AccumulatorAwareZeroCenterWeightQuant", 101, Special::AccumulatorAwareZeroCenter),
    minifloat("Fp8e4m3Weight", "weight", false, 4, 3),
    minifloat("Fp8e5m2Weight", "weight", false, 5, 2),
    minifloat("Fp8e4m3WeightPerTensorFloat", "weight", false, 4, 3),
    minifloat("Fp8e5m2WeightPerTensorFloat", "weight", false, 5, 2),
    minifloat("Fp8e4m3WeightPerChannelFloat", "weight", true, 4, 3),
    minifloat("Fp8e5m2WeightPerChannelFloat", "weight", true, 5, 2),
    undecoded("Fp8e4m3WeightPerTensorFloatMSE", "weight"),
    undecoded("Fp8e5m2WeightPerTensorFloatMSE", "weight"),
    undecoded("Fp8e4m3WeightPerChannelFloatMSE", "weight"),
    undecoded("Fp8e5m2WeightPerChannelFloatMSE", "weight"),
    undecoded("Fp8e4m3OCPWeight", "weight"),
    undecoded("Fp8e5m2OCPWeight", "weight"),
    undecoded("Fp8e4m3OCPWeightPerTensorFloat", "weight"),
    undecoded("Fp8e5m2OCPWeightPerTensorFloat", "weight"),
    undecoded("Fp8e4m3OCPWeightPerChannelFloat", "weight"),
    undecoded("Fp8e5m2OCPWeightPerChannelFloat", "weight"),
    undecoded("Fp8e4m3FNUZWeight", "weight"),
    undecoded("Fp8e5m2FNUZWeight", "weight"),
    undecoded("Fp8e4m3FNUZWeightPerTensorFloat", "weight"),
    undecoded("Fp8e5m2FNUZWeightPerTensorFloat", "weight"),
    undecoded("Fp8e4m3FNUZWeightPerChannelFloat", "weight"),
    undecoded("Fp8e5m2FNUZWeightPerChannelFloat", "weight"),
    undecoded("MXFloat8e4m3Weight", "weight"),
    undecoded("MXFloat8e5m2Weight", "weight"),
    undecoded("MXInt8Weight", "weight", QuantizerKind::Affine),
    undecoded("ShiftedMXUInt8Weight", "weight", QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightGroupQuantFloat", "weight", QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightGroupQuantFloatHQO", "weight", QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightPerGroupFloat", "weight", QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightPerGroupFloatHQO", "weight", QuantizerKind::Affine),

    bias("Int8Bias", 60, 8, kExternal),
    bias("Int16Bias", 60, 16, kExternal),
    bias("Int24Bias", 70, 24, kExternal),
    bias("Int32Bias", 70, 32, kExternal),
    bias("IntBias", 60, 0, kExternal),
    bias("Int8BiasPerTensorFixedPointInternalScaling", 60, 8, kStats, kPot),
    bias("Int8BiasPerTensorFloatInternalScaling", 60, 8, kStats),

    act("Int8ActPerTensorFloat", 60, true, kFp),
    act("Uint8ActPerTensorFloat", 60, false, kFp),
    act("Int8ActPerTensorFixedPoint", 60, true, kPot),
    act("Uint8ActPerTensorFixedPoint", 60, false, kPot),
    act("Int8ActPerTensorFloatMSE", 100, true, kFp),
    act("Uint8ActPerTensorFloatMSE", 100, false, kFp),
    act("Int8ActPerTensorFixedPointMSE", 100, true, kPot),
    act("Uint8ActPerTensorFixedPointMSE", 100, false, kPot),
    act("Int8ActPerTensorFloatMinMaxInit", 60, true, kFp, false),
    act("Uint8ActPerTensorFloatMaxInit", 60, false, kFp, false),
    act("Uint8ActPerTensorFixedPointMaxInit", 70, false, kPot, false),
    act("Int8ActPerTensorFixedPointMinMaxInit", 90, true, kPot, false),
    shiftedAct("ShiftedUint8ActPerTensorFloat", 60, kFp),
    shiftedAct("ShiftedUint8ActPerTensorFixedPoint", 90, kPot),
    shiftedAct("ShiftedUint8ActPerTensorFloatMSE", 100, kFp),
    shiftedAct("ShiftedUint8ActPerTensorFixedPointMSE", 100, kPot),
    shiftedAct("ShiftedUint8ActPerTensorFloatHQO", 110, kFp),
    batchQuant("Int8ActPerTensorFloatBatchQuant1d", true),
    batchQuant("Int8ActPerTensorFloatBatchQuant2d", true),
    batchQuant("Uint8ActPerTensorFloatBatchQuant1d", false),
    batchQuant("Uint8ActPerTensorFloatBatchQuant2d", false),
    constant("SignedBinaryActPerTensorConst", "act", 1, QuantizerKind::Binary, 1.0f),
    constant("SignedTernaryActPerTensorConst", "act", 2, QuantizerKind::Ternary, 1.0f),
    minifloat("Fp8e4m3Act", "act", false, 4, 3),
    minifloat("Fp8e5m2Act", "act", false, 5, 2),
    minifloat("Fp8e4m3ActPerTensorFloat", "act", false, 4, 3),
    minifloat("Fp8e5m2ActPerTensorFloat", "act", false, 5, 2),
    undecoded("Fp8e4m3OCPAct", "act"),
    undecoded("Fp8e5m2OCPAct", "act"),
    undecoded("Fp8e4m3OCPActPerTensorFloat", "act"),
    undecoded("Fp8e5m2OCPActPerTensorFloat", "act"),
    undecoded("Fp8e4m3FNUZActPerTensorFloat", "act"),
    undecoded("Fp8e5m2FNUZActPerTensorFloat", "act"),
    undecoded("MXFloat8e4m3Act", "act"),
    undecoded("MXFloat8e5m2Act", "act"),
    undecoded("MXInt8Act", "act", QuantizerKind::Affine),

    Preset{.name = "TruncTo8bit", .slot = "trunc", .source = ScaleSource::Input},
};

constexpr std::array kOverrides = {
    Override{"bit_width"},
    Override{"axis"}, // of torch_per_channel_affine
    Override{"bit_width_impl_type"},
    Override{"min_bit_width"},
    Override{"override_pretrained_bit_width", true},
    Override{"quant_type"},
    Override{"threshold"},
    Override{"signed"},
    Override{"narrow_range"},
    Override{"scaling_per_output_channel"},
    Override{"scaling_per_output_type"},
    Override{"restrict_scaling_type"},
    Override{"restrict_value_float_to_int_impl"},
    Override{"scaling_impl_type"},
    Override{"scaling_const"},
    Override{"scaling_init"},
    Override{"scaling_stats_op"},
    Override{"sigma"},
    Override{"high_percentile_q"},
    Override{"low_percentile_q"},
    Override{"percentile_q"},
    Override{"scaling_min_val"},
    Override{"float_to_int_impl_type"},
    Override{"learned_round_impl_type", true},
    Override{"learned_round_gamma", true},
    Override{"learned_round_zeta", true},
    Override{"learned_round_init", true},
    Override{"min_val"},
    Override{"max_val"},
    Override{"collect_stats_steps", true},
    Override{"scaling_stats_momentum", true},
    Override{"per_channel_broadcastable_shape"},
    Override{"scaling_stats_permute_dims", true},
    Override{"scaling_stats_input_view_shape_impl", true},
    Override{"accumulator_bit_width"},
    Override{"accumulator_bit_width_impl", true},
    Override{"affine_shift_scale"},
    Override{"affine_rescaling_init", true},
    Override{"scaling_affine_rescaling_init", true},
    Override{"scaling_affine_shifting_init", true},
    Override{"mse_iters", true},
    Override{"mse_search_method", true},
    Override{"quantize_zero_point"},
    Override{"quant_delay_steps", true},
    Override{"group_size", false, false},
    Override{"group_dim", false, false},
    Override{"dtype", true},
    Override{"device", true},
};

constexpr std::array<std::string_view, 18> kSlots = {
    "weight",
    "bias",
    "input",
    "output",
    "act",
    "trunc",
    "io",
    "cell_state",
    "gate_acc",
    "input_acc",
    "forget_acc",
    "cell_acc",
    "output_acc",
    "input_sigmoid",
    "forget_sigmoid",
    "output_sigmoid",
    "cell_tanh",
    "hidden_state_tanh",
};

} // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset *findPreset(std::string_view name)
{
    const auto found = std::find_if(kPresets.begin(), kPresets.end(), [&](const Preset &p) { return p.name == name; });
    return found == kPresets.end() ? nullptr : &*found;
}

bool existsIn(const Preset &preset, int version) { return version >= preset.since; }

std::string_view presetSlot(std::string_view slot)
{
    return slot == "weight" || slot == "bias" || slot == "trunc" ? slot : std::string_view("act");
}

std::vector<std::string> presetNames(std::string_view slot)
{
    std::vector<std::string> names;
    for (const Preset &p : kPresets)
        if (slot.empty() || p.slot == presetSlot(slot))
            names.emplace_back(p.name);
    return names;
}

std::span<const Override> overrides() { return kOverrides; }

const Override *findOverride(std::string_view name)
{
    const auto found
        = std::find_if(kOverrides.begin(), kOverrides.end(), [&](const Override &o) { return o.name == name; });
    return found == kOverrides.end() ? nullptr : &*found;
}

std::vector<std::string> overrideNames()
{
    std::vector<std::string> names;
    for (const Override &o : kOverrides)
        names.emplace_back(o.name);
    return names;
}

std::span<const std::string_view> slotNames() { return kSlots; }

} // namespace quantscope
