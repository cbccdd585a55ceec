#include "dialects/brevitas/spec_keywords.h"

#include "base/parse_number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Enum values are Brevitas' words, in any case; an unknown one names the nearest.
template <class T, std::size_t N>
T word(const std::string &keyword, const std::string &text, const std::array<std::pair<std::string_view, T>, N> &words)
{
    std::vector<std::string> names;
    for (const auto &[name, value] : words) {
        if (enumWord(text) == enumWord(name))
            return value;
        names.emplace_back(name);
    }
    throw SpecError{fmt::format("{} = \"{}\" is unknown{}", keyword, text, didYouMean(enumWord(text), names))};
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
/// true: the integer threshold is a power of two, whatever the range.
constexpr std::array kDivisors = {
    std::pair<std::string_view, bool>{"IntScaling", false},
    std::pair<std::string_view, bool>{"PowerOfTwoIntScaling", true},
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
constexpr std::array kLearnedRoundings = {
    std::pair<std::string_view, LearnedDecision::Rule>{"hard_sigmoid", LearnedDecision::Rule::HardSigmoid},
    std::pair<std::string_view, LearnedDecision::Rule>{"sigmoid", LearnedDecision::Rule::Positive},
    std::pair<std::string_view, LearnedDecision::Rule>{"identity", LearnedDecision::Rule::Identity},
};
constexpr std::array kSearches = {
    std::pair<std::string_view, int>{"fibonacci", 0},
    std::pair<std::string_view, int>{"grid", 1},
};
constexpr std::array kQuantTypes = {
    std::pair<std::string_view, int>{"int", 0},
    std::pair<std::string_view, int>{"binary", 1},
    std::pair<std::string_view, int>{"ternary", 2},
    std::pair<std::string_view, int>{"fp", 3},
};

struct YoungWord {
    std::string_view keyword, word;
    int since;
};
constexpr std::array kYoungWords = {
    YoungWord{"bit_width_impl_type", "stateful_const", 90},
    YoungWord{"scaling_stats_op", "percentile_interval", 80},
    YoungWord{"float_to_int_impl_type", "dpu", 70},
    YoungWord{"float_to_int_impl_type", "learned_round", 90},
    YoungWord{"float_to_int_impl_type", "stochastic_round", 100},
};

void setScaleSource(QuantizerSpec &spec, const std::string &keyword, const std::string &text)
{
    const Preset &preset = *spec.preset;
    const bool activation = preset.slot == Slot::Act;
    const bool searched = preset.slot == Slot::Weight && preset.source == ScaleSource::Stored;
    const auto statistics = [&] {
        spec.source = activation ? ScaleSource::RuntimeStats : ScaleSource::Stats;
        if (searched)
            undecoded(spec,
                fmt::format("{} = {} lets Brevitas search the scale of {} at every pass, which is not decoded", keyword,
                    text, preset.name));
    };
    const bool external = spec.source == ScaleSource::WeightTimesInput; // of a solver with requires_input_scale
    spec.initialised = spec.he = spec.affine = false;
    switch (word(keyword, text, kScaleWords)) {
    case ScaleWord::Stats: statistics(); break;
    case ScaleWord::Parameter:
        spec.source = ScaleSource::Stored;
        spec.initialised = true;
        break;
    case ScaleWord::ParameterFromStats: spec.source = ScaleSource::Stored; break;
    case ScaleWord::Const: spec.source = ScaleSource::Constant; break;
    case ScaleWord::He:
        spec.source = ScaleSource::Stats;
        spec.he = true;
        break;
    case ScaleWord::AffineStats:
        statistics();
        spec.affine = true;
        break;
    }
    if (external)
        spec.source = ScaleSource::WeightTimesInput;
}

void setQuantType(QuantizerSpec &spec, const std::string &keyword, const std::string &text)
{
    switch (word(keyword, text, kQuantTypes)) {
    case 0: spec.kind = QuantizerKind::Affine; break;
    case 1: spec.kind = QuantizerKind::Binary; break;
    case 2:
        spec.kind = QuantizerKind::Ternary;
        spec.ternaryThreshold = spec.ternaryThreshold.value_or(0.5f);
        break;
    default: spec.off = true; break;
    }
}

void setGranularity(QuantizerSpec &spec, const std::string &keyword, const std::string &text)
{
    const int granularity = word(keyword, text, kGranularities);
    if (granularity == 2)
        undecoded(spec, "groupwise scales are not decoded yet");
    spec.perChannel = granularity == 1;
}

/// Brevitas' core/zero_point.py.
constexpr std::array kZeroPoints = {
    std::pair<std::string_view, ZeroPointSource>{"ZeroZeroPoint", ZeroPointSource::None},
    std::pair<std::string_view, ZeroPointSource>{"StatsFromParameterZeroPoint", ZeroPointSource::Stats},
    std::pair<std::string_view, ZeroPointSource>{"ParameterZeroPoint", ZeroPointSource::Stored},
    std::pair<std::string_view, ZeroPointSource>{"ParameterFromRuntimeZeroPoint", ZeroPointSource::Stored},
    std::pair<std::string_view, ZeroPointSource>{"ParameterFromStatsFromParameterZeroPoint", ZeroPointSource::Stored},
};

void setZeroPointSource(QuantizerSpec &spec, const std::string &keyword, const std::string &text)
{
    const bool rounded
        = spec.zeroPoint != ZeroPointSource::StatsUnrounded && spec.zeroPoint != ZeroPointSource::StoredUnrounded;
    spec.zeroPoint = word(keyword, text, kZeroPoints);
    if (!rounded && spec.zeroPoint == ZeroPointSource::Stats)
        spec.zeroPoint = ZeroPointSource::StatsUnrounded;
    if (!rounded && spec.zeroPoint == ZeroPointSource::Stored)
        spec.zeroPoint = ZeroPointSource::StoredUnrounded;
}

// What only training uses changes no number here, but a value that cannot be is a mistake all the same.
void checkNumber(QuantizerSpec &, const std::string &keyword, const std::string &text) { numberOf(keyword, text); }
void checkFlag(QuantizerSpec &, const std::string &keyword, const std::string &text) { flagOf(keyword, text); }
void checkCount(QuantizerSpec &, const std::string &keyword, const std::string &text)
{
    wholeNumberOf(keyword, text, 0, std::numeric_limits<int>::max());
}

const std::array kSetters = {
    KeywordSetter{"bit_width",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.bits = wholeNumberOf(k, t, 1, 32);
            s.bitsGiven = true;
        },
        "bit_width"},
    KeywordSetter{"bit_width_impl_type",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.bitsStored = word(k, t, kBitWidthWords); },
        ""},
    KeywordSetter{"affine_shift_scale", checkFlag, ""}, // the keys tell
    KeywordSetter{"min_bit_width",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.minimumBits = wholeNumberOf(k, t, 1, 32);
        },
        ""},
    KeywordSetter{"quant_type", setQuantType, ""},
    KeywordSetter{"threshold",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.ternaryThreshold = floatOf(k, t); }, ""},
    KeywordSetter{"signed",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.isSigned = flagOf(k, t); }, "signed"},
    KeywordSetter{"narrow_range",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.narrow = flagOf(k, t); }, "narrow"},
    KeywordSetter{"scaling_per_output_channel",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.perChannel = flagOf(k, t); },
        "granularity"},
    KeywordSetter{"scaling_per_output_type", setGranularity, "granularity"},
    KeywordSetter{"restrict_scaling_type",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.restriction = word(k, t, kRestrictions); },
        ""},
    KeywordSetter{"restrict_value_float_to_int_impl",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.exponentRounding = word(k, t, kExponents);
        },
        ""},
    KeywordSetter{"int_scaling_impl",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.powerOfTwoDivisor = word(k, t, kDivisors);
        },
        ""},
    KeywordSetter{"scaling_impl_type", setScaleSource, ""},
    KeywordSetter{"scaling_stats_op",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.statistic = word(k, t, kStatistics);
            if (enumWord(t) == "mean_learn_sigma_std")
                undecoded(s, "the learned sigma of mean_learn_sigma_std is not decoded yet");
        },
        ""},
    KeywordSetter{
        "sigma", [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.sigma = floatOf(k, t); }, ""},
    KeywordSetter{"high_percentile_q",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.highPercentile = percentageOf(k, t); },
        ""},
    KeywordSetter{"percentile_q",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.highPercentile = percentageOf(k, t); },
        ""},
    KeywordSetter{"low_percentile_q",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.lowPercentile = percentageOf(k, t); }, ""},
    KeywordSetter{"scaling_min_val",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            const float least = floatOf(k, t);
            s.minimum = least == 0 ? std::nullopt : std::optional(least); // Brevitas clamps at no 0
        },
        ""},
    KeywordSetter{"float_to_int_impl_type",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.rounding = word(k, t, kRoundingWords); },
        "rounding"},
    KeywordSetter{"accumulator_bit_width",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.accumulatorBits = wholeNumberOf(k, t, 2, 64);
        },
        ""},
    KeywordSetter{"quantize_zero_point",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            const bool rounded = flagOf(k, t) || s.version < 80; // 0.7 takes it and rounds all the same
            if (s.zeroPoint == ZeroPointSource::Stats || s.zeroPoint == ZeroPointSource::StatsUnrounded)
                s.zeroPoint = rounded ? ZeroPointSource::Stats : ZeroPointSource::StatsUnrounded;
            else if (s.zeroPoint != ZeroPointSource::None)
                s.zeroPoint = rounded ? ZeroPointSource::Stored : ZeroPointSource::StoredUnrounded;
        },
        ""},
    KeywordSetter{"zero_point_impl", setZeroPointSource, ""},
    KeywordSetter{"requires_input_scale",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            const bool external = flagOf(k, t);
            if (external)
                s.source = ScaleSource::WeightTimesInput;
            else if (s.source == ScaleSource::WeightTimesInput)
                s.source = ScaleSource::Stats;
        },
        ""},
    KeywordSetter{"requires_input_bit_width",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.inputWidth = flagOf(k, t); }, ""},
    KeywordSetter{"group_size",
        [](QuantizerSpec &s, const std::string &, const std::string &) {
            undecoded(s, "groupwise scales are not decoded yet");
        },
        ""},
    KeywordSetter{"group_dim",
        [](QuantizerSpec &s, const std::string &, const std::string &) {
            undecoded(s, "groupwise scales are not decoded yet");
        },
        ""},
    KeywordSetter{"learned_round_impl_type",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) {
            s.decision.rule = word(k, t, kLearnedRoundings);
        },
        ""},
    KeywordSetter{"mse_search_method",
        [](QuantizerSpec &, const std::string &k, const std::string &t) { word(k, t, kSearches); }, ""},
    KeywordSetter{"override_pretrained_bit_width", checkFlag, ""},
    KeywordSetter{"mse_iters", checkCount, ""},
    KeywordSetter{"collect_stats_steps", checkCount, ""},
    KeywordSetter{"quant_delay_steps", checkCount, ""},
    KeywordSetter{"scaling_stats_momentum", checkNumber, ""},
    KeywordSetter{"learned_round_gamma",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.decision.gamma = numberOf(k, t); }, ""},
    KeywordSetter{"learned_round_zeta",
        [](QuantizerSpec &s, const std::string &k, const std::string &t) { s.decision.zeta = numberOf(k, t); }, ""},
    KeywordSetter{"affine_rescaling_init", checkNumber, ""},
    KeywordSetter{"scaling_affine_rescaling_init", checkNumber, ""},
    KeywordSetter{"scaling_affine_shifting_init", checkNumber, ""},
};

} // namespace

const KeywordSetter *findSetter(std::string_view keyword)
{
    const auto row = std::find_if(
        kSetters.begin(), kSetters.end(), [&](const KeywordSetter &setter) { return setter.keyword == keyword; });
    return row == kSetters.end() ? nullptr : &*row;
}

template <class Words> static std::vector<std::string> namesOf(const Words &words)
{
    std::vector<std::string> names;
    for (const auto &[name, value] : words)
        names.emplace_back(name);
    return names;
}

struct WordOfSlots {
    std::string_view keyword, word, only; ///< the slots that take it: w weights, b biases, a activations
};
constexpr std::array kWordsOfSlots = {
    WordOfSlots{"scaling_impl_type", "he", "w"}, // counts the inputs of a weight
    WordOfSlots{"float_to_int_impl_type", "learned_round", "w"}, // a decision for each stored element
    WordOfSlots{"quant_type", "binary", "wa"},
    WordOfSlots{"quant_type", "ternary", "wa"},
    WordOfSlots{"zero_point_impl", "StatsFromParameterZeroPoint", "wb"}, // of what is stored
    WordOfSlots{"zero_point_impl", "ParameterFromStatsFromParameterZeroPoint", "wb"},
    WordOfSlots{"zero_point_impl", "ParameterFromRuntimeZeroPoint", "a"}, // of what flows
    WordOfSlots{"scaling_per_output_type", "group", "w"},
};

std::vector<std::string> keywordWords(std::string_view keyword, Slot slot)
{
    const Slot preset = presetSlot(slot);
    const char kind = preset == Slot::Weight ? 'w' : preset == Slot::Bias ? 'b' : 'a';
    std::vector<std::string> words = keywordWords(keyword);
    for (const WordOfSlots &row : kWordsOfSlots)
        if (row.keyword == keyword && row.only.find(kind) == std::string_view::npos)
            std::erase(words, row.word);
    return words;
}

std::vector<std::string> keywordWords(std::string_view keyword)
{
    static const std::array<std::pair<std::string_view, std::vector<std::string>>, 12> kWords{
        {{"bit_width_impl_type", namesOf(kBitWidthWords)}, {"quant_type", namesOf(kQuantTypes)},
            {"scaling_per_output_type", namesOf(kGranularities)}, {"restrict_scaling_type", namesOf(kRestrictions)},
            {"restrict_value_float_to_int_impl", namesOf(kExponents)}, {"int_scaling_impl", namesOf(kDivisors)},
            {"scaling_impl_type", namesOf(kScaleWords)}, {"scaling_stats_op", namesOf(kStatistics)},
            {"float_to_int_impl_type", namesOf(kRoundingWords)}, {"zero_point_impl", namesOf(kZeroPoints)},
            {"learned_round_impl_type", namesOf(kLearnedRoundings)}, {"mse_search_method", namesOf(kSearches)}}};
    for (const auto &[name, words] : kWords)
        if (name == keyword)
            return words;
    for (const std::string_view flag : {"signed", "narrow_range", "scaling_per_output_channel", "quantize_zero_point",
             "requires_input_scale", "requires_input_bit_width", "affine_shift_scale", "override_pretrained_bit_width"})
        if (flag == keyword)
            return {"true", "false"};
    return {};
}

void requireVersion(const std::string &keyword, const std::string &text, int version)
{
    for (const YoungWord &young : kYoungWords)
        if (keyword == young.keyword && enumWord(text) == young.word && version < young.since)
            throw SpecError{fmt::format("{} = \"{}\" came with Brevitas {} and {} does not have it: brevitas = \"...\" "
                                        "names the version",
                keyword, text, versionText(young.since), versionText(version))};
}

void undecoded(QuantizerSpec &spec, std::string why)
{
    spec.decoded = false;
    if (spec.undecodedWhy.empty())
        spec.undecodedWhy = std::move(why);
}

} // namespace quantscope
