#include "lab/candidates.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/overrides.h"
#include "lab/activation_candidate.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kWidestFixed = 32, kWidestTorch = 31;

tl::unexpected<Error> usage(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(message)});
}

std::string withoutSpaces(std::string text)
{
    std::erase(text, ' ');
    return text;
}

/// Splits at commas outside < > and [ ]: "ap_fixed<6,0>,bit_width=4". Spaces mean nothing.
std::vector<std::string> splitCandidate(const std::string &text)
{
    std::vector<std::string> parts(1);
    int depth = 0;
    for (const char c : withoutSpaces(text)) {
        depth += c == '<' || c == '[' ? 1 : c == '>' || c == ']' ? -1 : 0;
        if (c == ',' && depth == 0)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// A value as a recipe gives it back: "False" and "4.0" are false and 4, ".5" is 0.5.
std::string canonical(const std::string &value)
{
    std::string word = value;
    std::transform(
        word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (word == "true" || word == "false")
        return word;
    const auto number = parseNumber<double>(value);
    return number && std::isfinite(*number) ? shortest(*number) : value;
}

std::vector<std::string> candidateNames()
{
    std::vector<std::string> known = presetNames();
    for (std::string &lab : labQuantizerNames())
        known.push_back(std::move(lab));
    known.emplace_back("file");
    return known;
}

/// Binary and ternary quantizers and minifloats have no width to choose.
bool hasWidth(const SlotSettings &settings)
{
    if (isLabQuantizer(settings.preset)) {
        const auto keywords = labKeywords(settings.preset);
        return std::find(keywords.begin(), keywords.end(), "bit_width") != keywords.end();
    }
    SlotSettings alone = settings;
    std::erase_if(alone.overrides, [](const auto &o) { return o.first == "bit_width"; });
    const auto spec = makeSpec(alone, kDefaultVersion);
    return !spec || spec->kind == QuantizerKind::Affine;
}

/// The presets whose constant goes with their width, and IntBias, which computes it.
bool keepsItsWidth(const SlotSettings &settings)
{
    const Preset *preset = findPreset(settings.preset);
    return !hasWidth(settings) || (preset != nullptr && (preset->source == ScaleSource::Constant || preset->bits == 0));
}

/// Why a keyword says nothing about this candidate; empty when it does.
std::string withoutEffect(const SlotSettings &settings, const std::string &keyword)
{
    const std::string &name = settings.preset;
    if (name == "file")
        return fmt::format("{} has no effect on {}", keyword, name);
    if (std::string problem = keywordWithoutEffect(name, keyword); !problem.empty())
        return problem;
    if (keyword == "bit_width" && !hasWidth(settings))
        return fmt::format("{} has no effect on {}: its width is fixed", keyword, name);
    return {};
}

constexpr std::string_view kRange = "range";
constexpr double kWhole = 100;

std::string rangeText(const DataRange &range) { return range.percent == kWhole ? "max" : shortest(range.percent); }

std::string written(const CandidateText &candidate)
{
    return settingsText(candidate.settings)
        + (candidate.range ? fmt::format(",{}={}", kRange, rangeText(*candidate.range)) : std::string());
}

/// Why data cannot give this candidate its threshold; empty when they can.
std::string withoutRange(const SlotSettings &settings)
{
    const Preset *preset = findPreset(settings.preset);
    if (preset == nullptr || preset->slot != Slot::Act)
        return fmt::format(
            "{} has no effect on {}: it is the threshold of an activation's preset", kRange, settings.preset);
    if (preset->source != ScaleSource::Stored || preset->zeroPoint != ZeroPointSource::None || !preset->decoded)
        return fmt::format(
            "{} has no effect on {}: its threshold alone does not make its numbers", kRange, settings.preset);
    for (const char *given : {"scaling_impl_type", "scaling_init", "min_val", "max_val"})
        if (settings.value(given))
            return fmt::format("{} and {} both give the threshold of {}", kRange, given, settings.preset);
    return {};
}

Result<DataRange> parseRange(const std::string &value, const std::string &candidate)
{
    if (value == "max")
        return DataRange{};
    const auto percent = parseNumber<double>(value);
    if (!percent || !(*percent > 0 && *percent <= kWhole))
        return usage(fmt::format(
            "{}={} in candidate {} is neither max nor a percentile above 0 and up to 100", kRange, value, candidate));
    return DataRange{*percent};
}

CandidateText atWidth(const CandidateText &candidate, int bits)
{
    CandidateText wide = candidate;
    std::erase_if(wide.settings.overrides, [](const auto &o) { return o.first == "bit_width"; });
    if (const auto fixed = labNameAtWidth(wide.settings.preset, std::to_string(bits)))
        wide.settings.preset = *fixed;
    else
        wide.settings.overrides.emplace_back("bit_width", std::to_string(bits));
    wide.text = written(wide);
    return wide;
}

bool offered(const Preset &preset, Slot slot, int version)
{
    if (preset.slot != presetSlot(slot) || !preset.decoded || preset.kind == QuantizerKind::Minifloat
        || !existsIn(preset, version))
        return false;
    SlotSettings settings;
    settings.preset = std::string(preset.name);
    const auto spec = makeSpec(settings, version);
    return spec && spec->decoded && !needsStored(*spec);
}

} // namespace

bool needsStored(const QuantizerSpec &spec)
{
    return spec.source == ScaleSource::Stored || spec.source == ScaleSource::RuntimeStats
        || spec.special != Special::None || spec.affine || spec.bitsStored.value_or(false)
        || spec.rounding == Rounding::LearnedRound || spec.zeroPoint == ZeroPointSource::Stored
        || spec.zeroPoint == ZeroPointSource::StoredUnrounded;
}

Result<CandidateText> parseCandidate(const std::string &text)
{
    CandidateText out{text, {}};
    const std::vector<std::string> parts = splitCandidate(text);
    out.settings.preset = parts[0];
    out.settings.mentioned = true;
    if (findPreset(parts[0]) == nullptr && !isLabQuantizer(parts[0]) && parts[0] != "file")
        return usage(fmt::format("\"{}\" is not a candidate", parts[0]) + didYouMean(parts[0], candidateNames()));
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto equals = parts[i].find('=');
        std::string keyword = parts[i].substr(0, equals);
        if (keyword == kRange && equals != std::string::npos) {
            if (out.range)
                return usage(fmt::format("{} stands twice in candidate {}", kRange, text));
            const auto range = parseRange(parts[i].substr(equals + 1), text);
            if (!range)
                return tl::unexpected(range.error());
            out.range = *range;
            continue;
        }
        const Override *known = findOverride(keyword);
        if (equals == std::string::npos || known == nullptr)
            return usage(fmt::format("\"{}\" in candidate {} is not keyword=value", parts[i], text)
                + didYouMean(keyword, overrideNames()));
        keyword = known->name;
        if (out.settings.value(keyword))
            return usage(fmt::format("{} stands twice in candidate {}", keyword, text));
        out.settings.overrides.emplace_back(keyword, canonical(parts[i].substr(equals + 1)));
    }
    for (const auto &given : out.settings.overrides)
        if (const std::string problem = withoutEffect(out.settings, given.first); !problem.empty())
            return usage(problem);
    if (const std::string problem = out.range ? withoutRange(out.settings) : std::string(); !problem.empty())
        return usage(problem);
    return out;
}

std::string settingsText(const SlotSettings &settings)
{
    std::string text = settings.preset;
    for (const auto &[keyword, value] : settings.overrides)
        text += "," + keyword + "=" + value;
    return text;
}

CandidateText withRange(CandidateText candidate, float threshold)
{
    candidate.settings = withThreshold(std::move(candidate.settings), threshold);
    candidate.range.reset();
    return candidate;
}

std::vector<CandidateText> offeredCandidates(const SlotQuantizer &slot, int version)
{
    const int bits = slot.quantizer && slot.quantizer->bitWidth ? *slot.quantizer->bitWidth : 8;
    std::vector<CandidateText> out;
    const auto add = [&](const std::string &text) {
        if (auto candidate = parseCandidate(text))
            out.push_back(std::move(*candidate));
    };
    for (const Preset &preset : presets()) {
        if (!offered(preset, slot.slot, version))
            continue;
        const bool ownWidth = preset.source == ScaleSource::Constant || preset.source == ScaleSource::WeightTimesInput;
        add(ownWidth || preset.bits == bits ? std::string(preset.name)
                                            : fmt::format("{},bit_width={}", preset.name, bits));
    }
    const auto type = slot.quantizer ? fixedType(*slot.quantizer) : std::nullopt;
    if (type && type->width <= kWidestFixed)
        for (const int wider : {-1, 0, 1})
            add(apFixedName({type->width, type->integerBits + wider, true}));
    for (const std::string name : {"torch_per_tensor_affine", "torch_per_channel_affine"})
        if (bits <= kWidestTorch && (slot.shape.size() > 1 || name == "torch_per_tensor_affine"))
            add(bits == 8 ? name : fmt::format("{},bit_width={}", name, bits));
    add("binary");
    add("ternary");
    return out;
}

std::vector<CandidateText> offeredActivations(const SlotQuantizer &slot, bool storesThreshold, bool hasData)
{
    std::vector<CandidateText> out;
    if (!slot.quantizer || !slot.quantizer->isComplete() || slot.quantizer->kind != QuantizerKind::Affine)
        return out;
    const bool isSigned = *slot.quantizer->isSigned;
    const int bits = slot.quantizer->wordBits();
    const auto add = [&](const std::string &text) {
        if (auto candidate = parseCandidate(text))
            out.push_back(std::move(*candidate));
    };
    const auto addBoth = [&](const std::string &range) {
        for (const char *scale : {"Float", "FixedPoint"})
            add(fmt::format("{}nt8ActPerTensor{}{}{}", isSigned ? "I" : "Ui", scale,
                bits == 8 ? "" : fmt::format(",bit_width={}", bits), range));
    };
    if (storesThreshold)
        addBoth("");
    for (const char *range : {"max", "99.99", "99.9"})
        if (hasData)
            addBoth(fmt::format(",{}={}", kRange, range));
    const auto type = fixedType(*slot.quantizer);
    if (type && type->width <= kWidestFixed)
        for (const int wider : {-1, 0, 1})
            add(apFixedName({type->width, type->integerBits + wider, isSigned}));
    return out;
}

std::string offerName(const SlotQuantizer &slot, const CandidateText &candidate)
{
    const auto type = slot.quantizer ? fixedType(*slot.quantizer) : std::nullopt;
    for (const int wider : {-1, 0, 1})
        for (const bool isSigned : {true, false})
            if (type && candidate.text == apFixedName({type->width, type->integerBits + wider, isSigned}))
                return fmt::format(
                    "ap_{}fixed<W,I{}>", isSigned ? "" : "u", wider == 0 ? std::string() : fmt::format("{:+}", wider));
    return candidateFamily(candidate.text);
}

std::vector<CandidateText> atWidths(const std::vector<CandidateText> &candidates, int low, int high)
{
    std::vector<CandidateText> out;
    const auto add = [&](CandidateText candidate) {
        const auto same = [&](const CandidateText &other) { return other.text == candidate.text; };
        if (std::none_of(out.begin(), out.end(), same))
            out.push_back(std::move(candidate));
    };
    for (const CandidateText &candidate : candidates) {
        if (candidate.settings.preset == "file")
            continue;
        if (keepsItsWidth(candidate.settings)) {
            add(candidate);
            continue;
        }
        for (int bits = low; bits <= high; ++bits)
            add(atWidth(candidate, bits));
    }
    return out;
}

std::string candidateFamily(const std::string &name)
{
    auto candidate = parseCandidate(name);
    if (!candidate)
        return name;
    std::erase_if(candidate->settings.overrides, [](const auto &o) { return o.first == "bit_width"; });
    if (const auto fixed = labNameAtWidth(candidate->settings.preset, "W"))
        candidate->settings.preset = *fixed;
    return written(*candidate);
}

} // namespace quantscope
