#include "tensor/minifloat_pattern.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

struct Format {
    int exponentBits, mantissaBits, bias;
    std::uint64_t largest; ///< pattern of the largest value, without its sign
    std::optional<std::uint64_t> infinity, nan; ///< without their sign
    bool negativeZero = true; ///< else that pattern is NaN
};

Format formatOf(DType dtype)
{
    switch (dtype) {
    case DType::Float8E4M3FN: return {4, 3, 7, 0x7E, {}, 0x7F};
    case DType::Float8E4M3FNUZ: return {4, 3, 8, 0x7F, {}, 0x80, false};
    case DType::Float8E5M2: return {5, 2, 15, 0x7B, 0x7C, 0x7F};
    case DType::Float8E5M2FNUZ: return {5, 2, 16, 0x7F, {}, 0x80, false};
    default: return {2, 1, 1, 0x7, {}, {}};
    }
}

/// Of a magnitude that rounds to no more than twice the largest value: patterns rise as values do.
std::uint64_t nearest(const Format &format, float magnitude)
{
    if (magnitude == 0)
        return 0;
    const int lowest = 1 - format.bias;
    const int exponent = std::max(std::ilogb(magnitude), lowest);
    const auto steps = static_cast<std::uint64_t>(
        std::nearbyint(std::ldexp(static_cast<double>(magnitude), format.mantissaBits - exponent)));
    // Steps of a denormal count from 0; of a normal number they hold the leading one, which carries into the exponent.
    return (static_cast<std::uint64_t>(exponent - lowest) << format.mantissaBits) + steps;
}

std::optional<std::uint64_t> powerOfTwo(float value)
{
    if (std::isnan(value))
        return 255;
    int exponent = 0;
    if (!(value > 0) || std::isinf(value) || std::frexp(value, &exponent) != 0.5f || exponent - 1 < -127)
        return std::nullopt;
    return static_cast<std::uint64_t>(exponent - 1 + 127);
}

} // namespace

std::optional<std::uint64_t> minifloatPatternOf(DType dtype, float value, bool saturate)
{
    if (!isMinifloat(dtype))
        return std::nullopt;
    if (dtype == DType::Float8E8M0)
        return powerOfTwo(value);
    const Format format = formatOf(dtype);
    const std::uint64_t sign = std::signbit(value) ? 1ull << (format.exponentBits + format.mantissaBits) : 0;
    const auto withSign = [&](std::uint64_t pattern) { return pattern | sign; };
    if (std::isnan(value))
        return format.nan && format.negativeZero ? withSign(*format.nan) : format.nan;
    if (std::isinf(value) && saturate && !format.negativeZero)
        return std::nullopt; // versions of the definition differ
    const float magnitude = std::fabs(value);
    const bool absurd = magnitude > 1e6f; // beyond all of them, and too large to be counted in steps
    const std::uint64_t pattern = absurd ? format.largest + 1 : nearest(format, magnitude);
    if (pattern == 0)
        return format.negativeZero ? sign : 0;
    if (pattern <= format.largest)
        return withSign(pattern);
    if (saturate)
        return withSign(format.largest);
    if (format.infinity)
        return withSign(*format.infinity);
    return format.nan && format.negativeZero ? withSign(*format.nan) : format.nan;
}

} // namespace quantscope
