#include "quant/minifloat.h"

#include "quant/kernels.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

float largestMinifloat(MinifloatFormat format)
{
    const int highest = (1 << format.exponentBits) - 1 - format.bias();
    return std::ldexp(2.0f - std::ldexp(1.0f, -format.mantissaBits), highest);
}

float minifloatPattern(float x, MinifloatFormat format, Rounding rounding)
{
    if (std::isnan(x))
        return x;
    const float limit = largestMinifloat(format);
    const int lowest = 1 - format.bias(); // exponent of the subnormals
    const float magnitude = std::min(std::fabs(x), limit);
    const int exponent = magnitude == 0
        ? lowest
        : std::max(static_cast<int>(std::floor(static_cast<float>(std::log2(static_cast<double>(magnitude))))), lowest);
    const float step = std::ldexp(1.0f, exponent - format.mantissaBits);
    const float rounded = std::min(std::fabs(roundWith(std::copysign(magnitude, x) / step, rounding)) * step, limit);
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
    const int units = biased == 0 ? mantissa : mantissa + (1 << format.mantissaBits);
    const float magnitude
        = std::ldexp(static_cast<float>(units), (biased == 0 ? 1 : biased) - format.bias() - format.mantissaBits);
    return negative ? -magnitude : magnitude;
}

} // namespace quantscope
