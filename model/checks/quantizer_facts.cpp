#include "checks/quantizer_facts.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

bool hasSeveral(const std::optional<Granular> &numbers)
{
    return numbers
        && std::ranges::any_of(numbers->values, [&](float number) { return number != numbers->values.front(); });
}

std::string channelText(const Granular &numbers, std::size_t index)
{
    return numbers.values.size() > 1 ? fmt::format(" of channel {}", index) : std::string();
}

std::optional<std::string> scaleOffPowersOfTwo(const Quantizer &quantizer)
{
    if (!quantizer.scale)
        return std::nullopt;
    const auto &values = quantizer.scale->values;
    const auto off = std::ranges::find_if(values, [](float scale) { return !fractionalBits(scale); });
    return off == values.end()
        ? std::nullopt
        : std::optional(shortest(*off) + channelText(*quantizer.scale, static_cast<std::size_t>(off - values.begin())));
}

std::optional<std::string> zeroPointText(const Quantizer &quantizer)
{
    if (!quantizer.zeroPoint)
        return std::nullopt;
    const auto &values = quantizer.zeroPoint->values;
    const auto off = std::ranges::find_if(values, [](float zero) { return zero != 0; });
    return off == values.end() ? std::nullopt
                               : std::optional(shortest(*off)
                                   + channelText(*quantizer.zeroPoint, static_cast<std::size_t>(off - values.begin())));
}

std::optional<int> codeBits(const Quantizer &quantizer)
{
    return quantizer.kind == QuantizerKind::Binary ? std::optional(1) : quantizer.bitWidth;
}

bool hasIntegerGrid(const Quantizer &quantizer)
{
    return quantizer.kind != QuantizerKind::Minifloat && quantizer.kind != QuantizerKind::Codebook;
}

std::optional<double> reachOf(const Quantizer &quantizer)
{
    if (!quantizer.isComplete() || !hasIntegerGrid(quantizer) || quantizer.scale->values.empty())
        return std::nullopt;
    const CodeRange range = codeRange(quantizer);
    const double zero = quantizer.zeroPoint->values.empty() ? 0 : quantizer.zeroPoint->values.front();
    const double most
        = std::max(std::fabs(static_cast<double>(range.min) - zero), std::fabs(static_cast<double>(range.max) - zero));
    return most * static_cast<double>(*std::ranges::max_element(quantizer.scale->values));
}

} // namespace quantscope
