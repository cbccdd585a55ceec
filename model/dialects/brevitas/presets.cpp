#include "dialects/brevitas/presets.h"

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
    Preset p{.name = name, .slot = Slot::Weight, .since = since, .bits = bits};
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
    Preset p{.name = name, .slot = Slot::Bias, .since = since, .bits = bits};
    p.source = source;
    p.restriction = restriction;
    p.fixedPoint = restriction == kPot;
    return p;
}

constexpr Preset act(std::string_view name, int since, bool isSigned, Restriction restriction, bool hasMinimum = true)
{
    Preset p{.name = name, .slot = Slot::Act, .since = since};
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

constexpr Preset constant(std::string_view name, Slot slot, int bits, QuantizerKind kind, float value)
{
    Preset p{.name = name, .slot = slot, .since = 60, .bits = bits};
    p.narrow = true;
    p.source = kConst;
    p.kind = kind == QuantizerKind::Binary ? kind : QuantizerKind::Affine; // ternary presets are 2-bit narrow integers
    p.constant = value;
    return p;
}

constexpr Preset minifloat(std::string_view name, Slot slot, bool perChannel, int exponentBits, int mantissaBits)
{
    Preset p{.name = name, .slot = slot, .since = 100};
    // The presets without 'PerTensor' or 'PerChannel' in their name have no scale: 1.
    p.source = name.find("Per") == std::string_view::npos ? kConst : slot == Slot::Act ? kStored : kStats;
    p.constant = 1.0f;
    p.perChannel = perChannel;
    p.kind = QuantizerKind::Minifloat;
    p.exponentBits = exponentBits;
    p.mantissaBits = mantissaBits;
    return p;
}

constexpr Preset truncation(std::string_view name, int since, Rounding rounding)
{
    Preset p{.name = name, .slot = Slot::Trunc, .since = since};
    p.source = ScaleSource::Input;
    p.rounding = rounding;
    return p;
}

constexpr Preset undecoded(std::string_view name, Slot slot, int since, QuantizerKind kind = QuantizerKind::Minifloat)
{
    Preset p{.name = name, .slot = slot, .since = since};
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
    constant("SignedBinaryWeightPerTensorConst", Slot::Weight, 1, QuantizerKind::Binary, 0.1f),
    constant("SignedTernaryWeightPerTensorConst", Slot::Weight, 2, QuantizerKind::Ternary, 0.1f),
    decoupled("Int4WeightPerTensorFloatDecoupled", 60, 4, kFp, false),
    decoupled("Int4WeightPerTensorFixedPointDecoupled", 60, 4, kPot, false),
    decoupled("Int8WeightPerChannelFloatDecoupled", 80, 8, kFp, true),
    normed("Int8WeightNormL2PerChannelFixedPoint", 90, Special::WeightNorm),
    normed("Int8AccumulatorAwareWeightQuant", 90, Special::AccumulatorAware),
    normed("Int8AccumulatorAwareZeroCenterWeightQuant", 101, Special::AccumulatorAwareZeroCenter),
    minifloat("Fp8e4m3Weight", Slot::Weight, false, 4, 3),
    minifloat("Fp8e5m2Weight", Slot::Weight, false, 5, 2),
    minifloat("Fp8e4m3WeightPerTensorFloat", Slot::Weight, false, 4, 3),
    minifloat("Fp8e5m2WeightPerTensorFloat", Slot::Weight, false, 5, 2),
    minifloat("Fp8e4m3WeightPerChannelFloat", Slot::Weight, true, 4, 3),
    minifloat("Fp8e5m2WeightPerChannelFloat", Slot::Weight, true, 5, 2),
    undecoded("Fp8e4m3WeightPerTensorFloatMSE", Slot::Weight, 100),
    undecoded("Fp8e4m3WeightPerChannelFloatMSE", Slot::Weight, 100),
    undecoded("Fp8e4m3OCPWeight", Slot::Weight, 110),
    undecoded("Fp8e5m2OCPWeight", Slot::Weight, 110),
    undecoded("Fp8e4m3OCPWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("Fp8e5m2OCPWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("Fp8e4m3OCPWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("Fp8e5m2OCPWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("Fp8e4m3FNUZWeight", Slot::Weight, 110),
    undecoded("Fp8e5m2FNUZWeight", Slot::Weight, 110),
    undecoded("Fp8e4m3FNUZWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("Fp8e5m2FNUZWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("Fp8e4m3FNUZWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("Fp8e5m2FNUZWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("MXFloat8e4m3Weight", Slot::Weight, 110),
    undecoded("MXInt8Weight", Slot::Weight, 110, QuantizerKind::Affine),
    undecoded("ShiftedMXUInt8Weight", Slot::Weight, 110, QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightGroupQuantFloat", Slot::Weight, 110, QuantizerKind::Affine),
    undecoded("ShiftedUint8WeightPerGroupFloatHQO", Slot::Weight, 110, QuantizerKind::Affine),
    undecoded("Fp8e4m3FNUZWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e4m3FNUZWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e4m3OCPWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e4m3OCPWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e5m2FNUZWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e5m2FNUZWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e5m2OCPWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("Fp8e5m2OCPWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("FpFNUZWeight", Slot::Weight, 110),
    undecoded("FpFNUZWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("FpFNUZWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("FpFNUZWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("FpFNUZWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("FpOCPWeight", Slot::Weight, 110),
    undecoded("FpOCPWeightPerChannelFloat", Slot::Weight, 110),
    undecoded("FpOCPWeightPerChannelFloatMSE", Slot::Weight, 110),
    undecoded("FpOCPWeightPerTensorFloat", Slot::Weight, 110),
    undecoded("FpOCPWeightPerTensorFloatMSE", Slot::Weight, 110),
    undecoded("MXFloat8e4m3WeightMSE", Slot::Weight, 110),
    undecoded("MXInt8WeightMSE", Slot::Weight, 110, QuantizerKind::Affine),
    undecoded("ShiftedMXUInt8WeightMSE", Slot::Weight, 110, QuantizerKind::Affine),

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
    constant("SignedBinaryActPerTensorConst", Slot::Act, 1, QuantizerKind::Binary, 1.0f),
    constant("SignedTernaryActPerTensorConst", Slot::Act, 2, QuantizerKind::Ternary, 1.0f),
    minifloat("Fp8e4m3Act", Slot::Act, false, 4, 3),
    minifloat("Fp8e5m2Act", Slot::Act, false, 5, 2),
    minifloat("Fp8e4m3ActPerTensorFloat", Slot::Act, false, 4, 3),
    minifloat("Fp8e5m2ActPerTensorFloat", Slot::Act, false, 5, 2),
    undecoded("Fp8e4m3OCPAct", Slot::Act, 110),
    undecoded("Fp8e5m2OCPAct", Slot::Act, 110),
    undecoded("Fp8e4m3OCPActPerTensorFloat", Slot::Act, 110),
    undecoded("Fp8e5m2OCPActPerTensorFloat", Slot::Act, 110),
    undecoded("Fp8e4m3FNUZActPerTensorFloat", Slot::Act, 110),
    undecoded("Fp8e5m2FNUZActPerTensorFloat", Slot::Act, 110),
    undecoded("MXFloat8e4m3Act", Slot::Act, 110),
    undecoded("MXInt8Act", Slot::Act, 110, QuantizerKind::Affine),
    undecoded("Fp8e4m3ActPerChannelFloat2d", Slot::Act, 100),
    undecoded("Fp8e4m3ActPerChannelFloat2dMSE", Slot::Act, 100),
    minifloat("Fp8e4m3ActPerTensorFloatMSE", Slot::Act, false, 4, 3),
    undecoded("Fp8e4m3FNUZAct", Slot::Act, 110),
    undecoded("Fp8e4m3FNUZActPerTensorFloatMSE", Slot::Act, 110),
    undecoded("Fp8e4m3OCPActPerTensorFloatMSE", Slot::Act, 110),
    undecoded("Fp8e5m2ActPerChannelFloat2d", Slot::Act, 100),
    undecoded("Fp8e5m2ActPerChannelFloat2dMSE", Slot::Act, 100),
    minifloat("Fp8e5m2ActPerTensorFloatMSE", Slot::Act, false, 5, 2),
    undecoded("Fp8e5m2FNUZAct", Slot::Act, 110),
    undecoded("Fp8e5m2FNUZActPerTensorFloatMSE", Slot::Act, 110),
    undecoded("Fp8e5m2OCPActPerTensorFloatMSE", Slot::Act, 110),
    undecoded("FpFNUZAct", Slot::Act, 110),
    undecoded("FpFNUZActPerChannelFloat2d", Slot::Act, 110),
    undecoded("FpFNUZActPerChannelFloat2dMSE", Slot::Act, 110),
    undecoded("FpFNUZActPerTensorFloat", Slot::Act, 110),
    undecoded("FpFNUZActPerTensorFloatMSE", Slot::Act, 110),
    undecoded("FpOCPAct", Slot::Act, 110),
    undecoded("FpOCPActPerChannelFloat2d", Slot::Act, 110),
    undecoded("FpOCPActPerChannelFloat2dMSE", Slot::Act, 110),
    undecoded("FpOCPActPerTensorFloat", Slot::Act, 110),
    undecoded("FpOCPActPerTensorFloatMSE", Slot::Act, 110),

    truncation("TruncTo8bit", 60, Rounding::Floor),
    truncation("RoundTo8bit", 90, Rounding::Round),
    undecoded("ShiftRoundSaturateTo8bit", Slot::Trunc, 121, QuantizerKind::Affine),
};

/// Brevitas' quant/solver/: what no keyword gives is missing, and nothing clamps the scale.
constexpr std::array kSolvers = {
    Preset{.name = "WeightQuantSolver", .slot = Slot::Weight, .hasMinimum = false},
    Preset{.name = "BiasQuantSolver", .slot = Slot::Bias, .hasMinimum = false},
    Preset{.name = "ActQuantSolver", .slot = Slot::Act, .source = ScaleSource::Stored, .hasMinimum = false},
};

} // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset *findPreset(std::string_view name)
{
    if (const auto found = std::ranges::find(kPresets, name, &Preset::name); found != kPresets.end())
        return &*found;
    const auto solver = std::ranges::find(kSolvers, name, &Preset::name);
    return solver == kSolvers.end() ? nullptr : &*solver;
}

bool isSolver(const Preset &preset)
{
    return std::ranges::find(kSolvers, preset.name, &Preset::name) != kSolvers.end();
}

std::vector<std::string> solverNames(std::optional<Slot> slot)
{
    std::vector<std::string> names;
    for (const Preset &p : kSolvers)
        if (!slot || p.slot == presetSlot(*slot))
            names.emplace_back(p.name);
    return names;
}

bool existsIn(const Preset &preset, int version) { return version >= preset.since; }

Slot presetSlot(Slot slot)
{
    return slot == Slot::Weight || slot == Slot::Bias || slot == Slot::Trunc ? slot : Slot::Act;
}

std::vector<std::string> presetNames(std::optional<Slot> slot)
{
    std::vector<std::string> names;
    for (const Preset &p : kPresets)
        if (!slot || p.slot == presetSlot(*slot))
            names.emplace_back(p.name);
    return names;
}

} // namespace quantscope
