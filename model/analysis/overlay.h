#pragma once

#include "base/progress.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <vector>

namespace quantscope {

enum class OverlayKind { Error, Values };

/// How many elements of each of two quantizers lie in [low, high).
struct OverlayCounts {
    double low = 0, high = 0;
    std::uint64_t first = 0, second = 0;
    std::uint64_t clipped = 0; ///< of `second`: weights beyond the range
};

/// Two quantizers of the same floats over the same bars.
struct OverlayHistogram {
    OverlayKind kind = OverlayKind::Error;
    std::vector<OverlayCounts> bars; ///< at most kMostBars
    bool opensWithRest = false; ///< the first bar of errors is all that is smaller than the next: its `low` is 0
    std::uint64_t clipped = 0; ///< of the second, all of them
    std::uint64_t firstExact = 0, secondExact = 0; ///< no error at all: no bar of the logarithmic axis
    static constexpr std::size_t kMostBars = 65;
};

/// Error: how many |e| lie in each power of two; none where the file has no floats. Values: how many weights become
/// each value, in bins that are centred at multiples of their width, which is one of the coarser scale. Both need a
/// tensor and a complete quantizer. Errors: Parse, Cancelled. Progress counts elements of each pass.
Result<OverlayHistogram> overlayHistogram(
    const SlotQuantizer &first, const SlotQuantizer &second, OverlayKind kind, const Progress &progress = {});

} // namespace quantscope
