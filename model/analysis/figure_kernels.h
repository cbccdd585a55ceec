#pragma once

#include "analysis/statistics.h"

#include <cstdint>
#include <span>

namespace quantscope {

/// What one run of elements with one scale adds to the figures.
struct RunFigures {
    float codesMin = 0, codesMax = 0; ///< of the finite codes; infinities when there is none
    std::uint64_t atLimit = 0;
    std::uint64_t clipped = 0;
    std::uint64_t zeroed = 0;
    std::uint64_t nonFinite = 0; ///< floats, or codes, that are not finite
};

/// Clamps unclamped codes in place to [low, high] and counts.
void clampAndCount(std::span<float> codes, float low, float high, RunFigures &figures);

/// Adds the error of values = (code - zeroPoint) * scale against x; also counts zeroed and non-finite floats. Sums are
/// float64 in eight lanes that are joined in a fixed order, so the result depends on the data alone. What is not finite
/// is left out.
void addError(std::span<const float> x, std::span<const float> codes, float zeroPoint, float scale,
    QuantizationError &error, RunFigures &figures);

} // namespace quantscope
