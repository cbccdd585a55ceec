#include "quant/kernels.h"

#include "base/clones.h"
#include "base/lanes.h"
#include "tensor/element.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace quantscope {

namespace {

float clampLikeBrevitas(float y, const CodeParameters &p)
{
    y = y > p.max ? p.max : y;
    return y < p.min ? p.min : y;
}

QUANTSCOPE_CLONES void divideAddRound(
    const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
{
    for (std::size_t i = 0; i < count; ++i) {
        float y = std::nearbyint(x[i] / divisor + zeroPoint);
        y = y > max ? max : y;
        codes[i] = y < min ? min : y;
    }
}

QUANTSCOPE_CLONES void divideRoundAdd(
    const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
{
    for (std::size_t i = 0; i < count; ++i) {
        float y = std::nearbyint(x[i] / divisor) + zeroPoint;
        y = y > max ? max : y;
        codes[i] = y < min ? min : y;
    }
}

QUANTSCOPE_CLONES void dequantize(const float *codes, float *values, std::size_t count, float zeroPoint, float scale)
{
    for (std::size_t i = 0; i < count; ++i)
        values[i] = (codes[i] - zeroPoint) * scale;
}

QUANTSCOPE_CLONES std::uint32_t maxMagnitude(const float *x, std::size_t count)
{
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7FFFFFFFu;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

/// `count` is a multiple of the lanes; NaN loses every comparison and is reported.
QUANTSCOPE_CLONES void lowHigh(const float *x, std::size_t count, float *lows, float *highs, std::int32_t *nans)
{
    Float8 low = Float8{} + std::numeric_limits<float>::infinity(),
           high = Float8{} - std::numeric_limits<float>::infinity();
    Int8Lanes nan{};
    for (std::size_t i = 0; i < count; i += kLanes) {
        Float8 v;
        QUANTSCOPE_LOAD8(v, x + i);
        low = v < low ? v : low;
        high = v > high ? v : high;
        nan |= v != v;
    }
    QUANTSCOPE_STORE8(lows, low);
    QUANTSCOPE_STORE8(highs, high);
    QUANTSCOPE_STORE8(nans, nan);
}

} // namespace

float roundWith(float y, Rounding rounding)
{
    switch (rounding) {
    case Rounding::Round: return std::nearbyint(y); // half to even under the default rounding mode
    case Rounding::Ceil: return std::ceil(y);
    case Rounding::Floor:
    case Rounding::LearnedRound: return std::floor(y); // the learned decision is added by the reader
    case Rounding::RoundToZero: return std::trunc(y);
    case Rounding::Up: return std::copysign(std::ceil(std::fabs(y)), y);
    case Rounding::HalfUp: return std::round(y);
    case Rounding::HalfDown:
        // From 2^23 on every float32 is whole, and |y| - 0.5 would not be exact.
        return std::fabs(y) >= 8388608.0f ? y : std::copysign(std::ceil(std::fabs(y) - 0.5f), y);
    case Rounding::Dpu: return y < 0 && y - std::floor(y) == 0.5f ? std::ceil(y) : std::nearbyint(y);
    }
    return y;
}

std::uint32_t maxMagnitudeBits(std::span<const float> x) { return maxMagnitude(x.data(), x.size()); }

ValueRange valueRange(std::span<const float> x)
{
    ValueRange range{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), false};
    const std::size_t whole = x.size() / kLanes * kLanes;
    float lows[kLanes], highs[kLanes];
    std::int32_t nans[kLanes];
    lowHigh(x.data(), whole, lows, highs, nans);
    const auto add = [&](float low, float high, bool nan) {
        range.low = low < range.low ? low : range.low;
        range.high = high > range.high ? high : range.high;
        range.hasNan = range.hasNan || nan;
    };
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        add(lows[lane], highs[lane], nans[lane] != 0);
    for (const float v : x.subspan(whole))
        add(v, v, std::isnan(v));
    return range;
}

// The orders of operations differ where it is seldom seen and always matters: with scale 0.00214854861 the weight
// 0.273939937 divided gives 127.499992 -> 127, times the reciprocal 127.5 -> 128; and 0.5 + 1 rounds to 2 where
// 0.5 rounds to 0 and 0 + 1 is 1.
float codeOf(float x, const CodeParameters &p)
{
    switch (p.rule) {
    case CodeRule::DivideAddRound: return clampLikeBrevitas(roundWith(x / p.divisor + p.shift, p.rounding), p);
    case CodeRule::DivideRoundAdd: return clampLikeBrevitas(roundWith(x / p.divisor, p.rounding) + p.zeroPoint, p);
    case CodeRule::ReciprocalRoundAdd:
        return clampLikeBrevitas(roundWith(x * (1.0f / p.divisor), p.rounding) + p.zeroPoint, p);
    case CodeRule::Threshold: return x >= 0 ? 1.0f : -1.0f;
    case CodeRule::TernaryThreshold:
        return std::fabs(x) > p.ternaryThreshold * p.divisor ? std::copysign(1.0f, x) : 0.0f;
    case CodeRule::Stored: return clampLikeBrevitas(x, p);
    case CodeRule::MinifloatPattern: return minifloatPattern(x / p.divisor, p.minifloat, p.rounding);
    case CodeRule::BitPattern: return x;
    }
    return x;
}

float valueOf(float code, const CodeParameters &p)
{
    if (p.rule == CodeRule::MinifloatPattern)
        return minifloatValue(code, p.minifloat) * p.scale;
    if (p.rule == CodeRule::BitPattern)
        return (elementToFloat(p.stored, static_cast<std::uint64_t>(code)) - p.zeroPoint) * p.scale;
    return (code - p.zeroPoint) * p.scale;
}

void codesOf(std::span<const float> x, const CodeParameters &p, std::span<float> codes)
{
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideAddRound)
        return divideAddRound(x.data(), codes.data(), x.size(), p.divisor, p.shift, p.min, p.max);
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideRoundAdd)
        return divideRoundAdd(x.data(), codes.data(), x.size(), p.divisor, p.zeroPoint, p.min, p.max);
    for (std::size_t i = 0; i < x.size(); ++i)
        codes[i] = codeOf(x[i], p);
}

void valuesOf(std::span<const float> codes, const CodeParameters &p, std::span<float> values)
{
    if (p.rule == CodeRule::MinifloatPattern || p.rule == CodeRule::BitPattern) {
        for (std::size_t i = 0; i < codes.size(); ++i)
            values[i] = valueOf(codes[i], p);
        return;
    }
    dequantize(codes.data(), values.data(), codes.size(), p.zeroPoint, p.scale);
}

} // namespace quantscope
