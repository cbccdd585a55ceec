#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <span>
#include <vector>

namespace quantscope {

/// The factors that a channel's values may have had: all from the lowest to the highest give the same codes.
struct FactorRange {
    double lowest = 0, highest = 0;
    bool empty() const { return lowest > highest; }
    /// The decimal with the fewest digits in it.
    double shortest() const;
};

/// What one channel of a slot shows: code = clamp(round((value * factor - offset) / scale)).
struct FactorQuestion {
    std::span<const float> values; ///< of the whole tensor, row-major
    std::span<const std::int64_t> codes;
    std::span<const float> offsets; ///< empty, or one for each value
    float scale = 1;
    CodeRange limits;
    std::span<const FactorRange> known; ///< empty, or what is known of the factors, one range a slice
};

/// The ranges of one positive factor for each slice along an axis of `shape` that explain every code; nothing where a
/// slice has none.
std::optional<std::vector<FactorRange>> factorsAlong(
    const FactorQuestion &question, const Shape &shape, std::size_t axis);

} // namespace quantscope
