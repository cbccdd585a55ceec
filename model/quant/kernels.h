#pragma once

#include "quant/quantizer.h"

#include <cstdint>
#include <span>

namespace quantscope {

/// y as a whole number; of learned rounding the floor, to which the reader adds the decision.
float roundWith(float y, Rounding rounding);

/// Largest |x| as its bit pattern: comparing patterns as integers keeps NaN (the largest pattern) as torch's max does.
std::uint32_t maxMagnitudeBits(std::span<const float> x);

struct ValueRange {
    float low = 0;
    float high = 0;
    bool hasNan = false;
};
/// Smallest and largest of x (which is not empty); NaN is skipped and reported.
ValueRange valueRange(std::span<const float> x);

} // namespace quantscope
