#include "quant/minifloat.h"

#include "quant/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

/// Of what lies beyond the largest value.
float overflowPattern(MinifloatFormat format, bool negative)
{
    const int ones = (1 << format.exponentBits) - 1;
    if (format.overflow == MinifloatFormat::Overflow::Nan)
        return static_cast<float>((1 << (format.exponentBits + format.mantissaBits)) - 1);
    const int sign = negative ? 1 << (format.exponentBits + format.mantissaBits) : 0;
    return static_cast<float>(sign + (ones << format.mantissaBits));
}

} // namespace

bool isDecodedMinifloat(const MinifloatFormat &format)
{
    constexpr int kMostExponentBits = 8, kMostBits = 24, kSmallestPower = -149, kMostBias = 1000;
    if (format.exponentBits < 1 || format.exponentBits > kMostExponentBits || format.mantissaBits < 0
        || format.mantissaBits > kMostBits - 1 - format.exponentBits)
        return false;
    const int bias = format.bias();
    return bias >= -kMostBias && bias <= kMostBias && 1 - bias - format.mantissaBits >= kSmallestPower
        && std::isfinite(largestMinifloat(format));
}

float largestMinifloat(MinifloatFormat format)
{
    const int highest = (1 << format.exponentBits) - 1 - format.bias();
    const float largest = std::ldexp(2.0f - std::ldexp(1.0f, -format.mantissaBits), highest);
    return std::min(largest, format.statedLargest.value_or(largest));
}

float minifloatPattern(float x, MinifloatFormat format, Rounding rounding)
{
    if (std::isnan(x))
        return x;
    if (std::isinf(x) && format.overflow == MinifloatFormat::Overflow::Infinity)
        return overflowPattern(format, std::signbit(x));
    if (std::isinf(x) && format.statedLargest) // scaled by its own exponent, infinity is infinity by infinity
        return std::numeric_limits<float>::quiet_NaN();
    const float limit = largestMinifloat(format);
    const int lowest = 1 - format.bias(); // exponent of the subnormals
    const float magnitude = format.statedLargest ? std::fabs(x) : std::min(std::fabs(x), limit);
    const int exponent = magnitude == 0
        ? lowest
        : std::max(static_cast<int>(std::floor(static_cast<float>(std::log2(static_cast<double>(magnitude))))), lowest);
    const float step = std::ldexp(1.0f, exponent - format.mantissaBits);
    const float unclipped = std::fabs(roundWith(std::copysign(magnitude, x) / step, rounding)) * step;
    if (unclipped > limit && format.overflow != MinifloatFormat::Overflow::Largest)
        return overflowPattern(format, std::signbit(x));
    const float rounded = std::min(unclipped, limit);
    // Rounding may carry into the next exponent; the pattern follows from the value itself.
    int power = 0;
    std::frexp(rounded, &power);
    const int biased = rounded == 0 ? 0 : power - 1 < lowest ? 0 : power - 1 + format.bias();
    const int from = biased == 0 ? lowest : power - 1;
    const auto units = static_cast<int>(std::ldexp(rounded, format.mantissaBits - from));
    const int mantissa = biased == 0 ? units : units - (1 << format.mantissaBits);
    const int pattern = (std::signbit(x) ? 1 << (format.exponentBits + format.mantissaBits) : 0)
        + (biased << format.mantissaBits) + mantissa;
    return static_cast<float>(pattern);
}

float minifloatValue(float pattern, MinifloatFormat format)
{
    if (std::isnan(pattern))
        return pattern;
    const int bits = static_cast<int>(pattern);
    const int mantissa = bits & ((1 << format.mantissaBits) - 1);
    const int biased = (bits >> format.mantissaBits) & ((1 << format.exponentBits) - 1);
    const bool negative = (bits >> (format.mantissaBits + format.exponentBits)) & 1;
    if (format.overflow == MinifloatFormat::Overflow::Infinity && pattern == overflowPattern(format, negative))
        return negative ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
    if (format.overflow == MinifloatFormat::Overflow::Nan && pattern == overflowPattern(format, negative))
        return std::numeric_limits<float>::quiet_NaN();
    const int units = biased == 0 ? mantissa : mantissa + (1 << format.mantissaBits);
    const float magnitude
        = std::ldexp(static_cast<float>(units), (biased == 0 ? 1 : biased) - format.bias() - format.mantissaBits);
    return negative ? -magnitude : magnitude;
}

} // namespace quantscope
