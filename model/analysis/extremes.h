#pragma once

#include "base/progress.h"
#include "quant/quantizer.h"

#include <cstdint>

namespace quantscope {

/// Where the largest |w| (largest |code| without floats, largest |value| of a minifloat) and the largest error stand;
/// the first of equals.
struct Extremes {
    std::uint64_t largest = 0;
    std::uint64_t largestError = 0;
};

/// Requires a readable tensor. Errors: Parse, Cancelled. Progress counts elements.
Result<Extremes> findExtremes(const SlotQuantizer &slot, const Progress &progress = {});

} // namespace quantscope
