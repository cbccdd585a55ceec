#include "base/text.h"
#include "quant/spec_keywords.h"

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
    const auto positive = [](const std::string &keyword, float threshold) {
        if (threshold <= 0)
            throw SpecError{
                fmt::format("{} gives a threshold of {}, which is not positive", keyword, shortest(threshold))};
    };
    const auto constant = value("scaling_const"), low = value("min_val"), high = value("max_val"),
               init = value("scaling_init");
    positive("scaling_const", constant.value_or(1));
    if (spec.source != ScaleSource::Constant)
        return;
    if (constant)
        spec.constant = constant;
    else if (low || high)
        spec.constant = std::max(std::fabs(low.value_or(0)), std::fabs(high.value_or(0)));
    else if (init)
        spec.constant = init;
    positive(givenAs, spec.constant.value_or(1));
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
    if (preset.source != ScaleSource::Constant)
        return;
    spec.source = ScaleSource::Constant;
    spec.constant = preset.constant;
    spec.origin["scale"] = {Origin::Preset, fmt::format("{} has no scale", preset.name)};
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
            const KeywordSetter *setter = findSetter(keyword);
            if (setter == nullptr)
                continue;
            setter->set(spec, keyword, text);
            if (!setter->field.empty())
                spec.origin[std::string(setter->field)] = givenBy(settings, keyword, text);
        }
        setConstant(spec, settings);
        setMinifloat(spec);
    } catch (const SpecError &error) {
        return tl::unexpected(error.message);
    }
    setLevels(spec, settings);
    if (preset->bits == 0 && version < 110)
        spec.bits = 0; // IntBias takes its accumulator's width, whatever bit_width says
    return spec;
}

} // namespace quantscope
