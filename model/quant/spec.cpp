#include "quant/spec.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Thrown and caught inside makeSpec: one value that cannot be.
struct SpecError {
    std::string message;
};

std::string lower(std::string text)
{
    std::transform(
        text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

double number(const std::string &keyword, const std::string &text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        throw SpecError{fmt::format("{} = {} is not a number", keyword, text)};
    return value;
}

int integer(const std::string &keyword, const std::string &text, int low, int high)
{
    const double value = number(keyword, text);
    if (value != std::floor(value) || value < low || value > high)
        throw SpecError{fmt::format("{} = {} is not a whole number from {} to {}", keyword, text, low, high)};
    return static_cast<int>(value);
}

bool boolean(const std::string &keyword, const std::string &text)
{
    const std::string word = lower(text);
    if (word != "true" && word != "false")
        throw SpecError{fmt::format("{} = {} is neither true nor false", keyword, text)};
    return word == "true";
}

/// Enum values are Brevitas' words, in any case; an unknown one names the nearest.
template <class T, std::size_t N>
T word(const std::string &keyword, const std::string &text, const std::array<std::pair<std::string_view, T>, N> &words)
{
    std::vector<std::string> names;
    for (const auto &[name, value] : words) {
        if (lower(text) == lower(std::string(name)))
            return value;
        names.emplace_back(name);
    }
    throw SpecError{fmt::format("{} = \"{}\" is unknown{}", keyword, text, didYouMean(lower(text), names))};
}

constexpr std::array kRestrictions = {
    std::pair<std::string_view, Restriction>{"fp", Restriction::Float},
    std::pair<std::string_view, Restriction>{"log_fp", Restriction::LogFloat},
    std::pair<std::string_view, Restriction>{"power_of_two", Restriction::PowerOfTwo},
};
constexpr std::array kExponents = {
    std::pair<std::string_view, ExponentRounding>{"CeilSte", ExponentRounding::Ceil},
    std::pair<std::string_view, ExponentRounding>{"RoundSte", ExponentRounding::HalfEven},
    std::pair<std::string_view, ExponentRounding>{"FloorSte", ExponentRounding::Floor},
};
constexpr std::array kStatistics = {
    std::pair<std::string_view, Statistic>{"max", Statistic::AbsMax},
    std::pair<std::string_view, Statistic>{"ave", Statistic::Mean},
    std::pair<std::string_view, Statistic>{"max_ave", Statistic::MeanOfChannelMax},
    std::pair<std::string_view, Statistic>{"mean_sigma_std", Statistic::MeanSigmaStd},
    std::pair<std::string_view, Statistic>{"mean_learn_sigma_std", Statistic::MeanSigmaStd},
    std::pair<std::string_view, Statistic>{"percentile", Statistic::Percentile},
    std::pair<std::string_view, Statistic>{"min_max", Statistic::MinMax},
    std::pair<std::string_view, Statistic>{"percentile_interval", Statistic::PercentileInterval},
};
constexpr std::array kRoundingWords = {
    std::pair<std::string_view, Rounding>{"round", Rounding::Round},
    std::pair<std::string_view, Rounding>{"ceil", Rounding::Ceil},
    std::pair<std::string_view, Rounding>{"floor", Rounding::Floor},
    std::pair<std::string_view, Rounding>{"round_to_zero", Rounding::RoundToZero},
    std::pair<std::string_view, Rounding>{"dpu", Rounding::Dpu},
    std::pair<std::string_view, Rounding>{"learned_round", Rounding::LearnedRound},
    std::pair<std::string_view, Rounding>{"stochastic_round", Rounding::Round}, // deterministic in eval
};

/// true: the bit width is in the file.
constexpr std::array kBitWidthWords = {
    std::pair<std::string_view, bool>{"const", false},
    std::pair<std::string_view, bool>{"parameter", true},
    std::pair<std::string_view, bool>{"stateful_const", true},
};

enum class ScaleWord { Stats, Parameter, ParameterFromStats, Const, He, AffineStats };
constexpr std::array kScaleWords = {
    std::pair<std::string_view, ScaleWord>{"stats", ScaleWord::Stats},
    std::pair<std::string_view, ScaleWord>{"parameter", ScaleWord::Parameter},
    std::pair<std::string_view, ScaleWord>{"parameter_from_stats", ScaleWord::ParameterFromStats},
    std::pair<std::string_view, ScaleWord>{"const", ScaleWord::Const},
    std::pair<std::string_view, ScaleWord>{"he", ScaleWord::He},
    std::pair<std::string_view, ScaleWord>{"affine_stats", ScaleWord::AffineStats},
};
constexpr std::array kGranularities = {
    std::pair<std::string_view, int>{"tensor", 0},
    std::pair<std::string_view, int>{"channel", 1},
    std::pair<std::string_view, int>{"group", 2},
};
constexpr std::array kQuantTypes = {
    std::pair<std::string_view, int>{"int", 0},
    std::pair<std::string_view, int>{"binary", 1},
    std::pair<std::string_view, int>{"ternary", 2},
    std::pair<std::string_view, int>{"fp", 3},
};

void undecoded(QuantizerSpec &spec, std::string why)
{
    spec.decoded = false;
    if (spec.undecodedWhy.empty())
        spec.undecodedWhy = std::move(why);
}

/// The preset's own numbers, with the version switches of its rows.
QuantizerSpec presetSpec(const Preset &preset, int version)
{
    QuantizerSpec spec;
    spec.preset = &preset;
    spec.version = version;
    spec.kind = preset.kind;
    spec.special = preset.special;
    spec.source = preset.source;
    spec.statistic = preset.statistic;
    spec.restriction = preset.restriction;
    spec.rounding = preset.rounding;
    spec.zeroPoint = preset.zeroPoint;
    spec.bits = preset.bits;
    spec.isSigned = preset.isSigned;
    spec.narrow = preset.narrow;
    spec.perChannel = preset.perChannel;
    // FixedPoint presets round the exponent up from 0.7 on; 0.6 rounds to nearest.
    if (preset.fixedPoint && version >= 70)
        spec.exponentRounding = ExponentRounding::Ceil;
    // Despite its name plain float before 0.12.
    if (preset.name.starts_with("Int8WeightPerChannelFixedPoint") && version < 120)
        spec.restriction = Restriction::Float;
    if (preset.restriction == Restriction::LogFloat && version < 100)
        spec.restriction = Restriction::Float; // weight norm and A2Q store the scale linearly in 0.9
    if (preset.hasMinimum && version >= 80)
        spec.minimum = 1e-10f;
    if (preset.source == ScaleSource::Constant)
        spec.constant = preset.constant;
    if (!preset.decoded)
        undecoded(spec, fmt::format("the arithmetic of {} is not decoded yet", preset.name));
    if (preset.kind == QuantizerKind::Minifloat && version >= 110)
        undecoded(spec, "the arithmetic of minifloats from Brevitas 0.11 on is not decoded yet");
    for (const char *field : {"bit_width", "signed", "narrow", "rounding", "granularity"})
        spec.origin[field] = {Origin::Preset, std::string(preset.name)};
    return spec;
}

void setScaleSource(QuantizerSpec &spec, const std::string &text)
{
    const bool activation = spec.preset->slot == "act";
    switch (word("scaling_impl_type", text, kScaleWords)) {
    case ScaleWord::Stats: spec.source = activation ? ScaleSource::RuntimeStats : ScaleSource::Stats; break;
    case ScaleWord::Parameter:
    case ScaleWord::ParameterFromStats: spec.source = ScaleSource::Stored; break;
    case ScaleWord::Const: spec.source = ScaleSource::Constant; break;
    case ScaleWord::He:
        spec.source = ScaleSource::Stats;
        spec.statistic = Statistic::He;
        break;
    case ScaleWord::AffineStats:
        spec.source = activation ? ScaleSource::RuntimeStats : ScaleSource::Stats;
        spec.affine = true;
        break;
    }
}

void setQuantType(QuantizerSpec &spec, const std::string &text)
{
    switch (word("quant_type", text, kQuantTypes)) {
    case 0: spec.kind = QuantizerKind::Affine; break;
    case 1: spec.kind = QuantizerKind::Binary; break;
    case 2:
        spec.kind = QuantizerKind::Ternary;
        spec.ternaryThreshold = spec.ternaryThreshold.value_or(0.5f);
        break;
    default: spec.off = true; break;
    }
}

void setGranularity(QuantizerSpec &spec, const std::string &text)
{
    const int granularity = word("scaling_per_output_type", text, kGranularities);
    if (granularity == 2)
        undecoded(spec, "groupwise scales are not decoded yet");
    spec.perChannel = granularity == 1;
}

using Setter = void (*)(QuantizerSpec &, const std::string &);
struct SetterRow {
    std::string_view keyword;
    Setter set;
    std::string_view field; ///< provenance field that the keyword changes
};

float floatOf(const std::string &keyword, const std::string &text)
{
    const double value = number(keyword, text);
    if (std::fabs(value) > static_cast<double>(std::numeric_limits<float>::max()))
        throw SpecError{fmt::format("{} = {} is beyond the numbers of float32", keyword, text)};
    return static_cast<float>(value);
}

double percentage(const std::string &keyword, const std::string &text)
{
    const double value = number(keyword, text);
    if (value < 0 || value > 100)
        throw SpecError{fmt::format("{} = {} is not between 0 and 100", keyword, text)};
    return value;
}

const std::array kSetters = {
    SetterRow{"bit_width",
        [](QuantizerSpec &s, const std::string &t) {
            s.bits = integer("bit_width", t, 1, 32);
            s.bitsGiven = true;
        },
        "bit_width"},
    SetterRow{"bit_width_impl_type",
        [](QuantizerSpec &s, const std::string &t) { s.bitsStored = word("bit_width_impl_type", t, kBitWidthWords); },
        ""},
    SetterRow{"affine_shift_scale", [](QuantizerSpec &, const std::string &t) { boolean("affine_shift_scale", t); },
        ""}, // the keys tell
    SetterRow{"min_bit_width",
        [](QuantizerSpec &s, const std::string &t) { s.minimumBits = integer("min_bit_width", t, 1, 32); }, ""},
    SetterRow{"quant_type", setQuantType, ""},
    SetterRow{
        "threshold", [](QuantizerSpec &s, const std::string &t) { s.ternaryThreshold = floatOf("threshold", t); }, ""},
    SetterRow{"signed", [](QuantizerSpec &s, const std::string &t) { s.isSigned = boolean("signed", t); }, "signed"},
    SetterRow{"narrow_range", [](QuantizerSpec &s, const std::string &t) { s.narrow = boolean("narrow_range", t); },
        "narrow"},
    SetterRow{"scaling_per_output_channel",
        [](QuantizerSpec &s, const std::string &t) { s.perChannel = boolean("scaling_per_output_channel", t); },
        "granularity"},
    SetterRow{"scaling_per_output_type", setGranularity, "granularity"},
    SetterRow{"restrict_scaling_type",
        [](QuantizerSpec &s, const std::string &t) { s.restriction = word("restrict_scaling_type", t, kRestrictions); },
        ""},
    SetterRow{"restrict_value_float_to_int_impl",
        [](QuantizerSpec &s, const std::string &t) {
            s.exponentRounding = word("restrict_value_float_to_int_impl", t, kExponents);
        },
        ""},
    SetterRow{"scaling_impl_type", setScaleSource, ""},
    SetterRow{"scaling_stats_op",
        [](QuantizerSpec &s, const std::string &t) {
            s.statistic = word("scaling_stats_op", t, kStatistics);
            if (lower(t) == "mean_learn_sigma_std")
                undecoded(s, "the learned sigma of mean_learn_sigma_std is not decoded yet");
        },
        ""},
    SetterRow{"sigma", [](QuantizerSpec &s, const std::string &t) { s.sigma = floatOf("sigma", t); }, ""},
    SetterRow{"high_percentile_q",
        [](QuantizerSpec &s, const std::string &t) { s.highPercentile = percentage("high_percentile_q", t); }, ""},
    SetterRow{"percentile_q",
        [](QuantizerSpec &s, const std::string &t) { s.highPercentile = percentage("percentile_q", t); }, ""},
    SetterRow{"low_percentile_q",
        [](QuantizerSpec &s, const std::string &t) { s.lowPercentile = percentage("low_percentile_q", t); }, ""},
    SetterRow{"scaling_min_val",
        [](QuantizerSpec &s, const std::string &t) { s.minimum = floatOf("scaling_min_val", t); }, ""},
    SetterRow{"float_to_int_impl_type",
        [](QuantizerSpec &s, const std::string &t) { s.rounding = word("float_to_int_impl_type", t, kRoundingWords); },
        "rounding"},
    SetterRow{"accumulator_bit_width",
        [](QuantizerSpec &s, const std::string &t) { s.accumulatorBits = integer("accumulator_bit_width", t, 2, 64); },
        ""},
    SetterRow{"quantize_zero_point",
        [](QuantizerSpec &s, const std::string &t) {
            if (!boolean("quantize_zero_point", t) && s.zeroPoint == ZeroPointSource::Stored)
                s.zeroPoint = ZeroPointSource::StoredUnrounded;
        },
        ""},
    SetterRow{"group_size",
        [](QuantizerSpec &s, const std::string &) { undecoded(s, "groupwise scales are not decoded yet"); }, ""},
    SetterRow{"group_dim",
        [](QuantizerSpec &s, const std::string &) { undecoded(s, "groupwise scales are not decoded yet"); }, ""},
};

Provenance givenBy(const SlotSettings &settings, const std::string &keyword, const std::string &text)
{
    const auto entry = settings.overrideEntry.find(keyword);
    return {Origin::Recipe,
        fmt::format("entry {}, {} = {}", entry == settings.overrideEntry.end() ? 0 : entry->second, keyword, text)};
}

/// A constant threshold: scaling_const, else max(|min_val|, |max_val|) (Brevitas' own order).
void setConstant(QuantizerSpec &spec, const SlotSettings &settings)
{
    std::string givenAs;
    const auto value = [&](const char *keyword) {
        const auto text = settings.value(keyword);
        if (text && givenAs.empty())
            givenAs = keyword;
        return text ? std::optional(floatOf(keyword, *text)) : std::nullopt;
    };
    const auto constant = value("scaling_const"), low = value("min_val"), high = value("max_val"),
               init = value("scaling_init");
    if (spec.source != ScaleSource::Constant)
        return;
    if (constant)
        spec.constant = constant;
    else if (low || high)
        spec.constant = std::max(std::fabs(low.value_or(0)), std::fabs(high.value_or(0)));
    else if (init)
        spec.constant = init;
    Provenance &origin = spec.origin["scale"];
    origin = {Origin::Preset, std::string(spec.preset->name)};
    if (!givenAs.empty())
        origin = givenBy(settings, givenAs, *settings.value(givenAs));
    else if (const auto source = settings.value("scaling_impl_type"))
        origin = givenBy(settings, "scaling_impl_type", *source);
    origin.detail = fmt::format("constant threshold {} ({})", shortest(spec.constant.value_or(1.0f)), origin.detail);
}

/// Two and three levels have their own width, whatever bit_width says and wherever it stands.
void setLevels(QuantizerSpec &spec, const SlotSettings &settings)
{
    if (spec.kind != QuantizerKind::Binary && spec.kind != QuantizerKind::Ternary)
        return;
    spec.bits = spec.kind == QuantizerKind::Binary ? 1 : 2;
    const auto type = settings.value("quant_type");
    const Provenance origin
        = type ? givenBy(settings, "quant_type", *type) : Provenance{Origin::Preset, std::string(spec.preset->name)};
    spec.origin["bit_width"] = origin;
    spec.zeroPoint = ZeroPointSource::None;
    if (spec.kind != QuantizerKind::Ternary)
        return;
    spec.isSigned = spec.narrow = true;
    spec.origin["signed"] = spec.origin["narrow"] = origin;
}

/// What a version does not have; empty when all is well.
std::string versionProblem(const Preset &preset, const SlotSettings &settings, int version)
{
    if (!existsIn(preset, version))
        return fmt::format("{} came with Brevitas {} and {} does not have it: brevitas = \"...\" names the version",
            preset.name, versionText(preset.since), versionText(version));
    if (preset.slot == "bias" && preset.bits == 0 && version >= 110 && !settings.value("bit_width"))
        return fmt::format("{} needs bit_width from Brevitas 0.11 on", preset.name);
    return {};
}

} // namespace

tl::expected<QuantizerSpec, std::string> makeSpec(const SlotSettings &settings, int version)
{
    const Preset *preset = findPreset(settings.preset);
    if (preset == nullptr)
        return tl::unexpected(fmt::format("{} is not a preset", settings.preset));
    if (std::string problem = versionProblem(*preset, settings, version); !problem.empty())
        return tl::unexpected(std::move(problem));
    QuantizerSpec spec = presetSpec(*preset, version);
    try {
        for (const auto &given : settings.overrides) {
            const std::string &keyword = given.first, &text = given.second;
            const auto row = std::find_if(
                kSetters.begin(), kSetters.end(), [&](const SetterRow &r) { return r.keyword == keyword; });
            if (row == kSetters.end())
                continue; // training only, or read with the constant
            row->set(spec, text);
            if (!row->field.empty())
                spec.origin[std::string(row->field)] = givenBy(settings, keyword, text);
        }
        setConstant(spec, settings);
    } catch (const SpecError &error) {
        return tl::unexpected(error.message);
    }
    setLevels(spec, settings);
    return spec;
}

} // namespace quantscope
