#pragma once

#include "analysis/statistics.h"
#include "quant/kernels.h"

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

/// Clamps unclamped codes of floats x in place to the parameters' range, counts, and makes their values
/// (code - zeroPoint) * scale.
void clampAndCount(std::span<const float> x, std::span<float> codes, const CodeParameters &parameters,
    std::span<float> values, RunFigures &figures);

/// Adds the error of values against x; also counts what is not finite, which is left out. Sums are float64 in eight
/// lanes that are joined in a fixed order, so the result depends on the data alone.
void addError(std::span<const float> x, std::span<const float> values, QuantizationError &error, RunFigures &figures);

} // namespace quantscope
