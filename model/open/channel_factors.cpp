#include "open/channel_factors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

/// Products of float32 were rounded before they became codes.
constexpr double kSlack = 1e-6;

/// Narrows a range to the factors that give one element its code.
void narrow(FactorRange &range, double value, double offset, std::int64_t code, const FactorQuestion &question)
{
    const double scale = question.scale;
    double low = (static_cast<double>(code) - 0.5) * scale + offset,
           high = (static_cast<double>(code) + 0.5) * scale + offset;
    const double slack = kSlack * std::max(std::fabs(value), scale);
    low = code <= question.limits.min ? -std::numeric_limits<double>::infinity() : low - slack;
    high = code >= question.limits.max ? std::numeric_limits<double>::infinity() : high + slack;
    if (value == 0 || !std::isfinite(value)) {
        if (!(low <= 0 && 0 <= high))
            range.highest = -1;
        return;
    }
    if (value < 0)
        std::swap(low, high);
    range.lowest = std::max(range.lowest, low / value);
    range.highest = std::min(range.highest, high / value);
}

} // namespace

double FactorRange::shortest() const
{
    if (!std::isfinite(highest))
        return lowest;
    const double middle = lowest + (highest - lowest) / 2;
    for (double digits = 1; digits < 1e15; digits *= 10) {
        const double rounded = std::nearbyint(middle * digits) / digits;
        if (rounded >= lowest && rounded <= highest && rounded > 0)
            return rounded;
    }
    return middle;
}

std::optional<std::vector<FactorRange>> factorsAlong(
    const FactorQuestion &question, const Shape &shape, std::size_t axis)
{
    if (axis >= shape.size() || question.values.size() != question.codes.size())
        return std::nullopt;
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i)
        inner *= static_cast<std::size_t>(shape[i]);
    const auto channels = static_cast<std::size_t>(shape[axis]);
    std::vector<FactorRange> ranges(channels, {0, std::numeric_limits<double>::infinity()});
    if (question.known.size() == channels)
        ranges.assign(question.known.begin(), question.known.end());
    for (std::size_t i = 0; i < question.values.size(); ++i) {
        FactorRange &range = ranges[i / inner % channels];
        narrow(
            range, question.values[i], question.offsets.empty() ? 0 : question.offsets[i], question.codes[i], question);
        if (range.empty())
            return std::nullopt;
    }
    return ranges;
}

} // namespace quantscope
