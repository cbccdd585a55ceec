#include "tensor/element.h"

#include <bit>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Sign, exponent and mantissa fields of a small float with `exponentBits` and `mantissaBits`; no special codes.
float plainMinifloat(std::uint64_t pattern, unsigned exponentBits, unsigned mantissaBits, int bias)
{
    const auto mantissa = static_cast<int>(pattern & ((1u << mantissaBits) - 1));
    const auto exponent = static_cast<int>((pattern >> mantissaBits) & ((1u << exponentBits) - 1));
    const bool negative = (pattern >> (mantissaBits + exponentBits)) & 1;
    const int fraction = exponent == 0 ? mantissa : mantissa + (1 << mantissaBits);
    const int power = (exponent == 0 ? 1 : exponent) - bias - static_cast<int>(mantissaBits);
    const float magnitude = std::ldexp(static_cast<float>(fraction), power);
    return negative ? -magnitude : magnitude;
}

float minifloat(DType dtype, std::uint64_t p)
{
    switch (dtype) {
    case DType::Float8E4M3FN: return (p & 0x7F) == 0x7F ? kNan : plainMinifloat(p, 4, 3, 7);
    case DType::Float8E4M3FNUZ: return p == 0x80 ? kNan : plainMinifloat(p, 4, 3, 8);
    case DType::Float8E5M2:
        if ((p & 0x7C) == 0x7C)
            return (p & 3) != 0 ? kNan
                                : std::copysign(std::numeric_limits<float>::infinity(), (p & 0x80) ? -1.0f : 1.0f);
        return plainMinifloat(p, 5, 2, 15);
    case DType::Float8E5M2FNUZ: return p == 0x80 ? kNan : plainMinifloat(p, 5, 2, 16);
    case DType::Float8E8M0: return p == 255 ? kNan : std::ldexp(1.0f, static_cast<int>(p) - 127);
    default: return plainMinifloat(p, 2, 1, 1); // Float4E2M1
    }
}

template <class T> std::int64_t signExtend(std::uint64_t pattern) { return static_cast<T>(pattern); }

} // namespace

float halfToFloat(std::uint16_t half)
{
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1Fu;
    const std::uint32_t mantissa = half & 0x3FFu;
    if (exponent == 0) {
        const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
        return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
    return std::bit_cast<float>(sign | (wide << 23) | (mantissa << 13));
}

float bfloat16ToFloat(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

std::uint16_t floatToHalf(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
    std::uint32_t half = 0;
    if (magnitude > 0x7F800000u)
        half = 0x7E00u;
    else if (magnitude >= 0x477FF000u) // 65520, which rounds beyond the largest
        half = 0x7C00u;
    else if (magnitude < 0x38800000u) // below 2^-14: the last bit of 0.5 is that of a subnormal
        half
            = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
    else
        half = (magnitude - (112u << 23) + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
    return static_cast<std::uint16_t>(sign | half);
}

std::uint16_t floatToBfloat16(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return 0x7FC0u;
    return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

std::int64_t elementToInteger(DType dtype, std::uint64_t pattern)
{
    switch (dtype) {
    case DType::Int8:
    case DType::QInt8: return signExtend<std::int8_t>(pattern);
    case DType::Int16: return signExtend<std::int16_t>(pattern);
    case DType::Int32:
    case DType::QInt32: return signExtend<std::int32_t>(pattern);
    case DType::Int4: return static_cast<std::int64_t>(pattern & 15) - ((pattern & 8) != 0 ? 16 : 0);
    case DType::Int2: return static_cast<std::int64_t>(pattern & 3) - ((pattern & 2) != 0 ? 4 : 0);
    case DType::Bool: return pattern != 0 ? 1 : 0;
    default: return static_cast<std::int64_t>(pattern);
    }
}

float elementToFloat(DType dtype, std::uint64_t pattern)
{
    switch (dtype) {
    case DType::Float64: return static_cast<float>(std::bit_cast<double>(pattern));
    case DType::Float32: return std::bit_cast<float>(static_cast<std::uint32_t>(pattern));
    case DType::Float16: return halfToFloat(static_cast<std::uint16_t>(pattern));
    case DType::BFloat16: return bfloat16ToFloat(static_cast<std::uint16_t>(pattern));
    case DType::UInt64: return static_cast<float>(pattern);
    default: break;
    }
    return isMinifloat(dtype) ? minifloat(dtype, pattern) : static_cast<float>(elementToInteger(dtype, pattern));
}

} // namespace quantscope
