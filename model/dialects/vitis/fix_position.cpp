#include "dialects/vitis/fix_position.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace quantscope::vitis {

namespace {

constexpr int kSearched = 5; ///< positions, where diffs_mode is mse
constexpr int kOfNothing = 18; ///< of values that are all zero, before the limit
constexpr double kAlike = 1.01;

/// max_fix_position of codes up to 8 bits, and what is fixed for others.
int largestPosition(std::int64_t bits) { return bits <= 8 ? 12 : 15; }

/// The widest position that holds them all, before its limit.
std::optional<int> widest(const ValueRange &range, std::int64_t bits)
{
    if (bits < 2 || bits > 16 || range.hasNan || !std::isfinite(range.low) || !std::isfinite(range.high))
        return std::nullopt;
    const float half = std::ldexp(1.0f, static_cast<int>(bits) - 1);
    const float step = std::max(range.low / (-half - 0.5f), range.high / (half - 0.5f));
    return step <= FLT_MIN ? kOfNothing : static_cast<int>(std::floor(std::log2(static_cast<double>(1 / step))));
}

std::optional<int> widest(std::span<const float> values, std::int64_t bits)
{
    return values.empty() ? std::nullopt : widest(valueRange(values), bits);
}

double squaredError(std::span<const float> values, int position, std::int64_t bits)
{
    const double amplitude = std::ldexp(1.0, position), half = std::ldexp(1.0, static_cast<int>(bits) - 1);
    double sum = 0;
    for (const float value : values) {
        const double code = std::clamp(std::round(value * amplitude), -half, half - 1);
        const double error = value - code / amplitude;
        sum += error * error;
    }
    return sum;
}

} // namespace

std::vector<int> leastSquaresPositions(std::span<const float> values, std::int64_t bits)
{
    const auto first = widest(values, bits);
    if (!first)
        return {};
    std::vector<double> errors;
    for (int i = 0; i < kSearched; ++i)
        errors.push_back(squaredError(values, *first + i, bits));
    const double least = *std::ranges::min_element(errors);
    std::vector<int> out;
    for (int i = 0; i < kSearched; ++i)
        if (errors[static_cast<std::size_t>(i)] <= least * kAlike)
            out.push_back(std::min(*first + i, largestPosition(bits)));
    return out;
}

std::vector<int> widestPosition(std::span<const float> values, std::int64_t bits)
{
    const auto first = widest(values, bits);
    return first ? std::vector<int>{std::min(*first, largestPosition(bits))} : std::vector<int>();
}

std::optional<PositionRange> positionRange(const ValueRange &range, std::int64_t bits)
{
    const auto first = range.low == 0 && range.high == 0 ? std::nullopt : widest(range, bits);
    if (!first)
        return std::nullopt;
    return PositionRange{
        std::min(*first, largestPosition(bits)), std::min(*first + kSearched - 1, largestPosition(bits))};
}

} // namespace quantscope::vitis
