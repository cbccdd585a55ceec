#pragma once

#include "analysis/statistics.h"
#include "quant/quantizer.h"
#include "run/magnitudes.h"

#include <cstdint>
#include <optional>
#include <span>

namespace quantscope {

/// What data did at one place of a network: counts that add up over pieces of data.
struct FlowFigures {
    /// Of what flows in: count, range, bit weights and channel ranges; where `hasCodes`, also what the quantizer makes
    /// of it.
    SlotStatistics seen;
    bool hasCodes = false; ///< a quantizer with integer codes is in force
    double low = 0, high = 0; ///< of what flows out: the dequantized values, without a quantizer what flows in
    double sum = 0, squares = 0; ///< likewise; without what is not finite
    std::uint64_t finite = 0; ///< elements that `sum` and `squares` are of
    Magnitudes magnitudes; ///< of what flows in, where they were asked for
    std::int64_t firstCode = 0; ///< where the histogram of codes begins when wholeCodes() has been called
    std::size_t codeBins = 0; ///< and its bins; before, of a wide one the ends without codes are left out

    std::optional<double> mean() const;
    std::optional<double> rms() const;
    /// Adds another piece of the same place under the same quantizer.
    void add(const FlowFigures &piece);
    /// The histogram of codes over the quantizer's whole range, as statistics of weights have it.
    void wholeCodes();
};

/// Figures of one piece. `seen` are the elements, row-major, that flow into the quantizer (null: none); ranges are told
/// for each slice along `channelAxis`. Throws ParseError when the quantizer does not fit the shape.
FlowFigures measureFlow(std::span<const float> seen, const Shape &shape, const Quantizer *quantizer,
    std::optional<std::size_t> channelAxis = {}, bool withMagnitudes = false);

} // namespace quantscope
