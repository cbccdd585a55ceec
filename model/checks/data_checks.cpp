#include "checks/data_checks.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

// Above this share of clipped values a coarser step or a wider word is worth a look.
constexpr double kSaturatedShare = 0.01;

std::optional<std::string> emptyTensor(const CheckedSlot &facts)
{
    if (facts.slot.tensor && facts.slot.tensor->problem.empty() && facts.slot.tensor->count() == 0)
        return fmt::format(
            "the tensor is empty (shape {}), so there is nothing to quantize or export", shapeText(facts.slot.shape));
    return std::nullopt;
}

std::optional<std::string> notFinite(const CheckedSlot &facts)
{
    if (facts.statistics == nullptr || facts.statistics->nonFinite == 0)
        return std::nullopt;
    const SlotStatistics &s = *facts.statistics;
    // One infinite weight makes every scaled code of its channel meaningless.
    const std::uint64_t stored = s.bitWeights.nonFinite;
    if (stored == s.nonFinite || !s.hasFloats)
        return fmt::format(
            "{} of {} values are NaN or infinite; their codes mean nothing", grouped(s.nonFinite), grouped(s.count));
    if (stored == 0)
        return fmt::format(
            "the scale makes {} of {} values NaN or infinite, though all are finite: those codes mean nothing",
            grouped(s.nonFinite), grouped(s.count));
    return fmt::format("{} of {} values are NaN or infinite, and so is the scale they give: {} codes mean nothing",
        grouped(stored), grouped(s.count), grouped(s.nonFinite));
}

/// Every limit that Brevitas and PyTorch put below a scale is smaller.
constexpr float kLargestFloor = 1e-6f;

/// The scale is what statistics of zeros give: a floor value, zero or NaN. Others are stored, constant, or that of
/// weight and input.
bool scaleFollowsFromZeros(const SlotQuantizer &slot)
{
    const auto origin = slot.quantizer->origin.find("scale");
    return slot.quantizer->scale && origin != slot.quantizer->origin.end() && origin->second.origin != Origin::Read
        && std::ranges::none_of(slot.quantizer->scale->values, [](float scale) { return scale > kLargestFloor; });
}

bool holdsZerosAlone(const CheckedSlot &facts)
{
    const SlotStatistics *s = facts.statistics;
    return s != nullptr && s->count != 0 && s->nonFinite == 0 && s->low == 0 && s->high == 0;
}

/// A scale that follows from zeros is none.
std::optional<std::string> allZero(const CheckedSlot &facts)
{
    if (!holdsZerosAlone(facts) || !scaleFollowsFromZeros(facts.slot))
        return std::nullopt;
    return fmt::format("all {} values are zero; its scale is only a floor value, and power-of-two scaling gives NaN "
                       "gradients up to Brevitas 0.11",
        grouped(facts.statistics->count));
}

/// One that comes from elsewhere may be right.
std::optional<std::string> allZeroBesideScale(const CheckedSlot &facts)
{
    if (!holdsZerosAlone(facts) || scaleFollowsFromZeros(facts.slot))
        return std::nullopt;
    if (!facts.statistics->hasValues)
        return fmt::format("all {} codes are zero", grouped(facts.statistics->count));
    return fmt::format("all {} values are zero{}", grouped(facts.statistics->count),
        facts.slot.quantizer->scale ? "; its scale does not follow from them and may be right all the same" : "");
}

/// Values that are all below half a step.
std::optional<std::string> allCodesZero(const CheckedSlot &facts)
{
    const SlotStatistics *s = facts.statistics;
    if (s == nullptr || s->count == 0 || s->zeroed != s->count || !s->hasFloats
        || facts.slot.quantizer->kind != QuantizerKind::Affine || codeRange(*facts.slot.quantizer).size() == 1)
        return std::nullopt;
    return fmt::format("all {} codes are zero, though the values reach from {} to {}: the scale is too coarse for them",
        grouped(s->count), shortest(s->low), shortest(s->high));
}

std::optional<std::string> scaleNotPositive(const CheckedSlot &facts)
{
    if (!facts.slot.quantizer || !facts.slot.quantizer->scale)
        return std::nullopt;
    const auto &values = facts.slot.quantizer->scale->values;
    const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !(v > 0) || std::isinf(v); });
    if (bad == values.end())
        return std::nullopt;
    const std::string which = values.size() == 1 ? "" : fmt::format(" of channel {}", bad - values.begin());
    return fmt::format("the scale{} is {}: a scale must be positive and finite", which, shortest(*bad));
}

/// A scale that follows from the largest weight puts one code at each end of every channel.
std::uint64_t endsByNature(const CheckedSlot &facts)
{
    const auto &scale = facts.slot.quantizer->scale;
    const Shape &shape = facts.slot.shape;
    // Where scales are not known there may be one for each output channel.
    const std::uint64_t scales = scale ? scale->values.size()
        : shape.empty()                ? 1
                                       : static_cast<std::uint64_t>(std::max<std::int64_t>(shape.front(), 1));
    return facts.slot.slot == Slot::Bias && scales == facts.statistics->count ? 0 : 2 * scales;
}

/// Values spread evenly over the range put this share at its two ends, besides what the ends of blocks put there; a
/// bell puts less there.
double evenShare(const CheckedSlot &facts, const CodeRange &range)
{
    const double even = 2.0 / static_cast<double>(range.size());
    if (!facts.slot.quantizer->blockSize)
        return even;
    const double ends = static_cast<double>(endsByNature(facts)) / static_cast<double>(facts.statistics->count);
    return ends >= 1 ? 1 : ends + even * (1 - ends);
}

/// Floats that are on the grid already tell nothing of what was clipped before, unless the scale was computed from
/// them.
bool knowsClipped(const CheckedSlot &facts)
{
    const SlotStatistics &s = *facts.statistics;
    const auto origin = facts.slot.quantizer->origin.find("scale");
    const bool computed = origin != facts.slot.quantizer->origin.end() && origin->second.origin == Origin::Computed;
    return s.clipped && (computed || !s.error.isExact());
}

/// An abs-max scale of a full range makes the largest value one code more than there is: every value is at most one
/// step from its code then.
bool isWithinOneCode(const CheckedSlot &facts)
{
    const auto &scale = facts.slot.quantizer->scale;
    if (!scale || scale->values.empty())
        return false;
    const double largest = static_cast<double>(*std::ranges::max_element(scale->values));
    return facts.statistics->error.maxAbs <= 1.001 * largest; // the difference is rounded itself
}

/// The share of codes at the ends that evenly spread values reach by chance, four standard deviations above what is
/// expected of them: of a small tensor that is far more.
double chanceShare(double even, std::uint64_t count)
{
    return even + 4 * std::sqrt(even * (1 - even) / static_cast<double>(count));
}

std::optional<std::string> saturated(const CheckedSlot &facts)
{
    const SlotStatistics *s = facts.statistics;
    if (s == nullptr || s->count == 0 || facts.slot.quantizer->kind != QuantizerKind::Affine)
        return std::nullopt;
    if (!s->hasValues) // the ends of the container are not those of the quantizer
        return std::nullopt;
    const CodeRange range = codeRange(*facts.slot.quantizer);
    const bool known = knowsClipped(facts);
    if (known && isWithinOneCode(facts))
        return std::nullopt;
    const std::uint64_t count = known ? *s->clipped : s->atLimit;
    const double share = static_cast<double>(count) / static_cast<double>(s->count);
    const double even = evenShare(facts, range);
    if (range.size() <= 4 || count <= endsByNature(facts)
        || share <= (known ? kSaturatedShare : std::max(chanceShare(even, s->count), kSaturatedShare)))
        return std::nullopt;
    if (known)
        return fmt::format("{:.1f} % of the values ({} of {}) lie beyond the ends {} and {} and are clipped",
            100 * share, grouped(count), grouped(s->count), range.min, range.max);
    return fmt::format("{:.1f} % of the codes ({} of {}) sit at the ends {} and {}, where evenly spread values would "
                       "put {:.1f} %: more were probably clipped, which the file does not tell",
        100 * share, grouped(count), grouped(s->count), range.min, range.max, 100 * even);
}

std::optional<std::string> singleCode(const CheckedSlot &facts)
{
    if (!facts.slot.quantizer || !facts.slot.quantizer->isComplete()
        || facts.slot.quantizer->kind != QuantizerKind::Affine || codeRange(*facts.slot.quantizer).size() != 1)
        return std::nullopt;
    return std::string("one bit of a narrow range has only the code 0, so every value becomes 0: binary quantizers "
                       "(-1, +1) or narrow_range = false have two");
}

/// From 26 bits on the limits are not exact in float32, in which Brevitas clamps.
std::optional<std::string> int32Wrap(const CheckedSlot &facts)
{
    const SlotStatistics *s = facts.statistics;
    if (s == nullptr || facts.slot.quantizer->kind != QuantizerKind::Affine
        || s->codesMax <= codeRange(*facts.slot.quantizer).max)
        return std::nullopt;
    const int bits = facts.slot.quantizer->wordBits();
    return fmt::format("a code reaches {}, one more than {} bits hold: that is their limit in float32{}", s->codesMax,
        bits, bits == 32 ? ", and Brevitas' own conversion to int32 wraps it to -2^31" : "");
}

std::optional<std::string> negativeIntegerBits(const CheckedSlot &facts)
{
    const auto type = facts.slot.quantizer ? fixedType(*facts.slot.quantizer) : std::nullopt;
    if (!type || facts.slot.tensor == nullptr || (type->integerBits >= 0 && type->integerBits <= type->width))
        return std::nullopt;
    return fmt::format("{} integer bits of {}: {} is exact, but some tools refuse a point outside the word",
        type->integerBits, type->width, apFixedName(*type));
}

std::optional<std::string> fewCodesUsed(const CheckedSlot &facts)
{
    const SlotStatistics *s = facts.statistics;
    if (s == nullptr || !s->hasValues || facts.slot.slot != Slot::Weight || s->codes.width != 1
        || facts.slot.quantizer->kind != QuantizerKind::Affine)
        return std::nullopt;
    const CodeRange range = codeRange(*facts.slot.quantizer);
    const std::int64_t reach = std::max(std::abs(s->codesMin), std::abs(s->codesMax));
    // Power-of-two scales leave up to half of the range unused; beyond that a whole bit is wasted.
    if (range.size() <= 4 || s->count < range.size() || reach == 0 || reach * 2 >= range.max)
        return std::nullopt;
    return fmt::format("the largest code is {} of {}: {} of {} codes are used, so at least one bit is never needed",
        reach, range.max, s->codes.used, range.size());
}

/// One rule, one function: a diagnostic's text (without the layer) or nothing.
struct DataRule {
    const char *id;
    Severity severity;
    std::optional<std::string> (*check)(const CheckedSlot &facts);
};

/// All rules that need no target: this table is where one is added.
constexpr std::array kRules = {
    DataRule{"empty-tensor", Severity::Warning, emptyTensor},
    DataRule{"not-finite", Severity::Warning, notFinite},
    DataRule{"all-zero", Severity::Warning, allZero},
    DataRule{"all-zero", Severity::Note, allZeroBesideScale},
    DataRule{"all-zero", Severity::Warning, allCodesZero},
    DataRule{"scale-not-positive", Severity::Warning, scaleNotPositive},
    DataRule{"single-code", Severity::Warning, singleCode},
    DataRule{"saturated", Severity::Warning, saturated},
    DataRule{"int32-wrap", Severity::Warning, int32Wrap},
    DataRule{"few-codes-used", Severity::Note, fewCodesUsed},
    DataRule{"point-outside-word", Severity::Note, negativeIntegerBits},
};

} // namespace

std::vector<Diagnostic> checkSlot(const CheckedSlot &facts)
{
    std::vector<Diagnostic> out;
    for (const DataRule &rule : kRules)
        if (auto text = rule.check(facts))
            out.push_back({rule.id, rule.severity, {facts.layer.id, facts.slot.slot},
                fmt::format("{} {}: {}", facts.layer.name, facts.slot.slot, *text)});
    return out;
}

} // namespace quantscope
