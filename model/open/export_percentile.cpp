#include "open/export_percentile.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

constexpr std::uint64_t kMostRanked = 1u << 20;

/// How many magnitudes are up to the threshold, which is one of them; 0 where it is none.
std::size_t rankOf(std::span<const float> values, float threshold)
{
    const float limit = threshold * (1 + 0x1p-21f); // a scale was made of it and undone
    std::size_t rank = 0;
    float largest = 0;
    for (const float value : values)
        if (std::fabs(value) <= limit) {
            ++rank;
            largest = std::max(largest, std::fabs(value));
        }
    return largest >= threshold * (1 - 0x1p-21f) ? rank : 0;
}

} // namespace

std::optional<float> percentileOf(const TensorInfo &weight, std::span<const float> thresholds)
{
    const std::uint64_t count = weight.count();
    if (thresholds.empty() || count == 0 || count > kMostRanked || !weight.readable()
        || count % thresholds.size() != 0 || !isFloating(weight.dtype))
        return std::nullopt;
    const std::vector<float> values = readFloats(weight);
    const std::size_t size = values.size() / thresholds.size();
    std::size_t rank = 0;
    for (std::size_t i = 0; i < thresholds.size(); ++i) {
        const std::size_t found = rankOf(std::span(values).subspan(i * size, size), thresholds[i]);
        if (found == 0 || found == size || (i > 0 && found != rank))
            return std::nullopt;
        rank = found;
    }
    // The element of rank floor(q / 100 * size + 0.5) is taken.
    const double low = 100 * (static_cast<double>(rank) - 0.5) / static_cast<double>(size),
                 high = 100 * (static_cast<double>(rank) + 0.5) / static_cast<double>(size);
    for (const double step : {10.0, 5.0, 1.0, 0.5, 0.1, 0.01, 0.001, 0.0001}) {
        const double round = std::ceil(low / step) * step;
        if (round < high && round < 100)
            return static_cast<float>(round);
    }
    return std::nullopt;
}

} // namespace quantscope
