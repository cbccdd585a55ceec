#include "base/text.h"
#include "dialects/brevitas/spec_keywords.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

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
    if (preset.name.starts_with("Int8WeightPerChannelFixedPoint") && version < 120) {
        spec.restriction = Restriction::Float;
        spec.exponentRounding = ExponentRounding::HalfEven;
    }
    if (preset.restriction == Restriction::LogFloat && version < 100)
        spec.restriction = Restriction::Float; // weight norm and A2Q store the scale linearly in 0.9
    // The decoupled and the constant presets name none.
    if (preset.hasMinimum && version >= 80 && preset.special != Special::Decoupled
        && preset.source != ScaleSource::Constant)
        spec.minimum = 1e-10f;
    spec.initialised = preset.name.ends_with("MinMaxInit") || preset.name.ends_with("MaxInit");
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

Provenance givenBy(const SlotSettings &settings, const std::string &keyword, const std::string &text)
{
    const auto entry = settings.overrideEntry.find(keyword);
    return {settings.assumedKeywords.contains(keyword) ? Origin::Assumed : Origin::Recipe,
        fmt::format("entry {}, {} = {}", entry == settings.overrideEntry.end() ? 0 : entry->second, keyword, text)};
}

/// max(|min_val|, |max_val|) of an activation; what is not given is the preset's, else 0.
std::optional<float> largestLimit(const QuantizerSpec &spec, const SlotSettings &settings)
{
    const auto low = settings.value("min_val"), high = settings.value("max_val");
    if (!low && !high)
        return std::nullopt;
    const float otherwise = spec.preset->source == ScaleSource::Constant ? spec.preset->constant : 0;
    const auto limit = [&](const char *keyword, const std::optional<std::string> &text) {
        return text ? std::fabs(floatOf(keyword, *text)) : otherwise;
    };
    return std::max(limit("min_val", low), limit("max_val", high));
}

/// A constant threshold: scaling_init before what it is made from, which is scaling_const for weights and biases, and
/// the limits for activations (quant/solver/parameter.py and act.py).
void setConstant(QuantizerSpec &spec, const SlotSettings &settings)
{
    const auto positive = [](const char *keyword, float threshold) {
        if (threshold <= 0)
            throw SpecError{
                fmt::format("{} gives a threshold of {}, which is not positive", keyword, shortest(threshold))};
    };
    const auto value = [&](const char *keyword) {
        const auto text = settings.value(keyword);
        return text ? std::optional(floatOf(keyword, *text)) : std::nullopt;
    };
    const auto constant = value("scaling_const"), init = value("scaling_init");
    const auto limit = largestLimit(spec, settings);
    positive("scaling_const", constant.value_or(1));
    if (spec.he && init)
        spec.source = ScaleSource::Constant;
    if (spec.source != ScaleSource::Constant)
        return;
    const bool activation = spec.preset->slot == Slot::Act;
    const char *givenAs = init    ? "scaling_init"
        : activation && limit     ? settings.value("max_val") ? "max_val" : "min_val"
        : !activation && constant ? "scaling_const"
                                  : nullptr;
    if (givenAs != nullptr) {
        spec.constant = init ? init : activation ? limit : constant;
        positive(givenAs, *spec.constant);
        if (init && spec.restriction != Restriction::Float) // Python's logarithm of a Python number
            spec.constantLog2
                = static_cast<float>(std::log2(numberOf("scaling_init", *settings.value("scaling_init"))));
    }
    Provenance &origin = spec.origin["scale"];
    origin = {Origin::Preset, std::string(spec.preset->name)};
    if (givenAs != nullptr)
        origin = givenBy(settings, givenAs, *settings.value(givenAs));
    else if (const auto source = settings.value("scaling_impl_type"))
        origin = givenBy(settings, "scaling_impl_type", *source);
    origin.detail = fmt::format("constant threshold {} ({})", shortest(spec.constant.value_or(1.0f)), origin.detail);
}

/// Whether Brevitas takes the keyword and never reads it.
bool isIgnored(const Preset &preset, const SlotSettings &settings, std::string_view keyword, int version)
{
    // The older name is the stronger one.
    if (keyword == "scaling_per_output_type" && (version < 110 || settings.value("scaling_per_output_channel")))
        return true;
    if (keyword == "accumulator_bit_width")
        return preset.special != Special::AccumulatorAware && preset.special != Special::AccumulatorAwareZeroCenter;
    if (keyword == "scaling_const")
        return preset.slot == Slot::Act;
    if (keyword == "requires_input_scale" || keyword == "requires_input_bit_width")
        return preset.slot != Slot::Bias;
    if (keyword == "min_val" || keyword == "max_val")
        return preset.slot != Slot::Act;
    if (keyword == "quant_type" && preset.kind != QuantizerKind::Affine)
        return true; // these name their tensor_quant themselves
    // Without a solver in its injector a quantizer has what its modules are built with.
    static constexpr std::string_view kSolved[] = {"bit_width_impl_type", "quant_type", "restrict_scaling_type",
        "scaling_impl_type", "scaling_stats_op", "float_to_int_impl_type", "scaling_per_output_type"};
    const bool isSolved = std::ranges::find(kSolved, keyword) != std::end(kSolved);
    if (preset.special != Special::None)
        return isSolved;
    return preset.source == ScaleSource::WeightTimesInput && keyword == "scaling_impl_type";
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

/// The bits of a minifloat are its sign, exponent and mantissa, and a preset without a scale has none whatever is said
/// of it.
void setMinifloat(QuantizerSpec &spec)
{
    const Preset &preset = *spec.preset;
    if (spec.kind != QuantizerKind::Minifloat || !preset.decoded)
        return;
    if (spec.bits != preset.bits)
        throw SpecError{
            fmt::format("bit_width = {} does not fit {}, which has {} bits", spec.bits, preset.name, preset.bits)};
    if (!spec.isSigned)
        throw SpecError{fmt::format("signed = false does not fit {}, one of whose bits is the sign", preset.name)};
    if (spec.rounding == Rounding::LearnedRound)
        undecoded(spec, "the learned rounding of minifloats is not decoded yet");
    if (preset.source != ScaleSource::Constant)
        return;
    spec.source = ScaleSource::Constant;
    spec.constant = preset.constant;
    spec.origin["scale"] = {Origin::Preset, fmt::format("{} has no scale", preset.name)};
}

void applyKeyword(QuantizerSpec &spec, const SlotSettings &settings, const std::pair<std::string, std::string> &given)
{
    const auto &[keyword, text] = given;
    const KeywordSetter *setter = findSetter(keyword);
    if (setter == nullptr)
        return;
    setter->set(spec, keyword, text);
    if (!setter->field.empty())
        spec.origin[std::string(setter->field)] = givenBy(settings, keyword, text);
}

/// Brevitas stumbles over a word that it does not know where it looks at it, and nowhere else.
void requireKnownWords(const QuantizerSpec &spec, const SlotSettings &settings)
{
    const bool levels = spec.kind == QuantizerKind::Binary || spec.kind == QuantizerKind::Ternary;
    const bool statistics = (spec.source == ScaleSource::Stats || spec.source == ScaleSource::Stored
                                || spec.source == ScaleSource::RuntimeStats)
        && !spec.initialised && !spec.he;
    for (const auto &[keyword, text] : settings.overrides)
        if ((keyword == "scaling_stats_op" ? statistics : !levels)
            && !isIgnored(*spec.preset, settings, keyword, spec.version))
            requireVersion(keyword, text, spec.version);
}

/// What a version does not have; empty when all is well.
std::string versionProblem(const Preset &preset, const SlotSettings &settings, int version)
{
    if (!existsIn(preset, version))
        return fmt::format("{} came with Brevitas {} and {} does not have it: brevitas = \"...\" names the version",
            preset.name, versionText(preset.since), versionText(version));
    if (preset.slot == Slot::Bias && preset.bits == 0 && version >= 110 && !settings.value("bit_width"))
        return fmt::format("{} needs bit_width from Brevitas 0.11 on", preset.name);
    return {};
}

/// A bias of a solver without a scaling of its own takes that of its weight and input, and without a width that of its
/// accumulator.
void setExternal(QuantizerSpec &spec, const SlotSettings &settings)
{
    if (spec.preset->slot != Slot::Bias)
        return;
    if (!settings.value("requires_input_scale") && !settings.value("scaling_impl_type"))
        spec.source = ScaleSource::WeightTimesInput;
    if (spec.source == ScaleSource::WeightTimesInput && !spec.inputWidth && !settings.value("bit_width"))
        spec.inputWidth = true;
}

/// A solver has no field of its own: what nothing gives is taken as the presets have it, and assumed.
void noteMissing(QuantizerSpec &spec, const SlotSettings &settings)
{
    if (spec.off)
        return;
    struct Needed {
        const char *keyword, *field;
        bool here;
    };
    const bool integer = spec.kind == QuantizerKind::Affine;
    const bool external = spec.source == ScaleSource::WeightTimesInput;
    const bool statistics = spec.source == ScaleSource::Stats || spec.source == ScaleSource::RuntimeStats;
    const Needed needed[] = {
        {"quant_type", "bit_width", spec.preset->slot != Slot::Bias}, // these know no other
        {"bit_width", "bit_width", integer && spec.bits != 0},
        {"signed", "signed", integer},
        {"narrow_range", "narrow", integer},
        {"float_to_int_impl_type", "rounding", integer},
        {"scaling_impl_type", "scale", !external},
        {"restrict_scaling_type", "scale", !external},
        {"scaling_stats_op", "scale", !external && statistics && !spec.he},
    };
    for (const Needed &row : needed)
        if (row.here && !settings.value(row.keyword)) {
            spec.missing.emplace_back(row.keyword);
            spec.origin[row.field] = {Origin::Assumed, fmt::format("{} needs {}", spec.preset->name, row.keyword)};
        }
}

} // namespace

void takeDefaultsBefore06(QuantizerSpec &spec, const SlotSettings &settings)
{
    const bool stored = spec.source == ScaleSource::Stored || spec.source == ScaleSource::RuntimeStats;
    if (!stored || spec.special != Special::None)
        return;
    if (!settings.value("scaling_min_val"))
        spec.minimum = std::ldexp(1.0f, -16);
    if (settings.value("restrict_scaling_type") || spec.restriction != Restriction::Float)
        return;
    spec.restriction = Restriction::LogFloat;
    spec.before06 = true;
}

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
            if (isIgnored(*preset, settings, given.first, version))
                spec.ignored.push_back(given.first);
            else
                applyKeyword(spec, settings, given);
        }
        if (isSolver(*preset))
            setExternal(spec, settings);
        if (settings.value("threshold") && spec.kind != QuantizerKind::Ternary)
            spec.ignored.push_back("threshold");
        if (spec.he)
            spec.statistic = Statistic::He;
        requireKnownWords(spec, settings);
        setConstant(spec, settings);
        setMinifloat(spec);
    } catch (const SpecError &error) {
        return tl::unexpected(error.message);
    }
    setLevels(spec, settings);
    if (spec.inputWidth.value_or(preset->bits == 0) && version < 110)
        spec.bits = 0; // IntBias takes its accumulator's width, whatever bit_width says
    if (isSolver(*preset))
        noteMissing(spec, settings);
    return spec;
}

} // namespace quantscope
