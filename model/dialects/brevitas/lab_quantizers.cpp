#include "dialects/brevitas/lab_quantizers.h"

#include "base/parse_number.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/weight_statistics.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kChunk = 1ull << 16;

Quantizer started(const std::string &name, int bits, bool isSigned)
{
    Quantizer q;
    q.bitWidth = bits;
    q.isSigned = isSigned;
    q.narrow = false;
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Recipe, name};
    return q;
}

int wholeNumber(const std::string &name, std::string_view text, int low, int high)
{
    const auto value = parseNumber<int>(text);
    if (!value || *value < low || *value > high)
        throw std::invalid_argument(fmt::format("{}: {} is not a whole number from {} to {}", name, text, low, high));
    return *value;
}

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

struct FixedName {
    std::string_view prefix, width, integer;
};

/// "ap_fixed<6,-1>" -> "ap_fixed<", W and I.
std::optional<FixedName> fixedName(std::string_view name)
{
    for (const std::string_view prefix : {"ap_fixed<", "ap_ufixed<"}) {
        if (!name.starts_with(prefix) || !name.ends_with(">"))
            continue;
        const std::string_view inside = name.substr(prefix.size(), name.size() - prefix.size() - 1);
        const auto comma = inside.find(',');
        if (comma != std::string_view::npos)
            return FixedName{prefix, trimmed(inside.substr(0, comma)), trimmed(inside.substr(comma + 1))};
    }
    return std::nullopt;
}

Quantizer fixedQuantizer(const std::string &name, const SlotSettings &settings)
{
    constexpr int kSmallestExponent = -149; // of a float32
    const FixedName parts = *fixedName(name);
    // A sweep changes the width and keeps the integer bits: fractional bits are what it tries.
    const auto swept = settings.value("bit_width");
    const int width = wholeNumber(name, swept ? std::string_view(*swept) : parts.width, 1, 32);
    const int integer = wholeNumber(name, parts.integer, -120, 120);
    if (integer - width < kSmallestExponent)
        throw std::invalid_argument(fmt::format(
            "{}: its step 2^{} is below 2^{}, the smallest float32", name, integer - width, kSmallestExponent));
    Quantizer q = started(name, width, name.starts_with("ap_fixed"));
    q.rule = CodeRule::DivideRoundAdd;
    q.scale = Granular{{}, {}, {std::ldexp(1.0f, integer - width)}};
    return q;
}

/// Means of |w| over what `keep` keeps, in float64.
template <class Keep> std::pair<double, std::uint64_t> sumOfMagnitudes(const TensorInfo &tensor, Keep keep)
{
    TensorReader reader(tensor);
    const std::uint64_t count = elementCount(tensor.shape);
    std::vector<float> chunk(std::min(kChunk, count));
    double sum = 0;
    std::uint64_t kept = 0;
    for (std::uint64_t at = 0; at < count; at += chunk.size()) {
        const auto part = std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), count - at));
        reader.floats(at, part);
        for (const float w : part)
            if (const float magnitude = std::fabs(w); keep(magnitude)) {
                sum += static_cast<double>(magnitude);
                ++kept;
            }
    }
    return {sum, kept};
}

float meanMagnitude(const TensorInfo &tensor)
{
    const auto [sum, count] = sumOfMagnitudes(tensor, [](float) { return true; });
    return count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
}

Quantizer binaryQuantizer(const std::string &name, const TensorInfo &tensor)
{
    Quantizer q = started(name, 1, true);
    q.kind = QuantizerKind::Binary;
    q.rule = CodeRule::Threshold;
    q.scale = Granular{{}, {}, {meanMagnitude(tensor)}};
    noteOrderOfAddition(q);
    return q;
}

Quantizer ternaryQuantizer(const std::string &name, const TensorInfo &tensor)
{
    Quantizer q = started(name, 2, true);
    q.kind = QuantizerKind::Ternary;
    q.rule = CodeRule::TernaryThreshold;
    q.narrow = true;
    const float mean = meanMagnitude(tensor);
    q.ternaryThreshold = 0.7f * mean;
    q.divisor = Granular{{}, {}, {1.0f}};
    noteOrderOfAddition(q);
    if (!std::isfinite(mean)) { // no weight is above such a threshold, and a scale of 0 would look like an answer
        q.scale = Granular{{}, {}, {mean}};
        return q;
    }
    const auto [sum, count] = sumOfMagnitudes(tensor, [&](float m) { return m > q.ternaryThreshold; });
    q.scale = Granular{{}, {}, {count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count))}};
    return q;
}

Quantizer torchQuantizer(const std::string &name, const SlotSettings &settings, const SlotQuantizer &slot)
{
    const bool channels = name == "torch_per_channel_affine";
    const int bits
        = settings.value("bit_width") ? wholeNumber(name + ", bit_width", *settings.value("bit_width"), 1, 31) : 8;
    const int rank = static_cast<int>(slot.shape.size());
    const int axis = settings.value("axis")
        ? wholeNumber(name + ", axis", *settings.value("axis"), 0, std::max(rank - 1, 0))
        : slot.channelAxis;
    Quantizer q = started(name, bits, true);
    q.rule = CodeRule::ReciprocalRoundAdd;
    QuantizerSpec range; // the observer's minimum and maximum are Brevitas' shifted statistic: max - min(0, min)
    range.statistic = Statistic::MinMax;
    range.zeroPoint = ZeroPointSource::Stats;
    const StatisticInput input{slot.tensor.get(), axis};
    const WeightStatistic statistic = weightStatistic(std::span(&input, 1), range, channels);
    const CodeRange limits = codeRange(bits, true, false);
    const auto levels = static_cast<float>(std::ldexp(1.0, bits) - 1);
    Granular scale, zero;
    for (std::size_t c = 0; c < statistic.values.size(); ++c) {
        const float low = statistic.minimum[c];
        const float high = std::max(statistic.maximum[c], 0.0f);
        const float s = std::max((high - low) / levels, std::ldexp(1.0f, -23));
        const float z = static_cast<float>(limits.min) - std::nearbyint(low / s);
        scale.values.push_back(s);
        zero.values.push_back(std::clamp(z, static_cast<float>(limits.min), static_cast<float>(limits.max)));
    }
    if (scale.values.size() > 1) {
        scale.shape.assign(slot.shape.size(), 1);
        scale.shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(scale.values.size());
        scale.axis = axis;
        zero.shape = scale.shape;
        zero.axis = axis;
    }
    q.scale = std::move(scale);
    q.zeroPoint = std::move(zero);
    return q;
}

} // namespace

bool isLabQuantizer(std::string_view name)
{
    return name == "binary" || name == "ternary" || name == "torch_per_tensor_affine"
        || name == "torch_per_channel_affine" || name.starts_with("ap_fixed<") || name.starts_with("ap_ufixed<");
}

std::vector<std::string> labQuantizerNames()
{
    return {
        "ap_fixed<W,I>", "ap_ufixed<W,I>", "torch_per_tensor_affine", "torch_per_channel_affine", "binary", "ternary"};
}

std::vector<std::string> labKeywords(std::string_view name)
{
    if (name == "torch_per_channel_affine")
        return {"bit_width", "axis"};
    return name == "binary" || name == "ternary" ? std::vector<std::string>{} : std::vector<std::string>{"bit_width"};
}

std::string keywordWithoutEffect(const std::string &name, const std::string &keyword)
{
    if (!isLabQuantizer(name)) // axis is the lab's own word
        return keyword == "axis" ? fmt::format("axis has no effect on {}: only torch_per_channel_affine takes it", name)
                                 : std::string();
    const std::vector<std::string> known = labKeywords(name);
    if (std::find(known.begin(), known.end(), keyword) != known.end())
        return {};
    return fmt::format("{} has no effect on {}: it takes {}", keyword, name,
        known.empty() ? "no keyword" : fmt::format("{} alone", fmt::join(known, " and ")));
}

std::optional<std::string> labNameAtWidth(std::string_view name, std::string_view bits)
{
    const auto parts = fixedName(name);
    return parts ? std::optional(fmt::format("{}{},{}>", parts->prefix, bits, parts->integer)) : std::nullopt;
}

Quantizer labQuantizer(const std::string &name, const SlotSettings &settings, const SlotQuantizer &slot)
{
    if (name == "binary")
        return binaryQuantizer(name, *slot.tensor);
    if (name == "ternary")
        return ternaryQuantizer(name, *slot.tensor);
    if (name.starts_with("torch_"))
        return torchQuantizer(name, settings, slot);
    if (!fixedName(name))
        throw std::invalid_argument(fmt::format("{} is not of the form ap_fixed<W,I>", name));
    return fixedQuantizer(name, settings);
}

} // namespace quantscope
