#include "quant/codes.h"

#include <cmath>

// One source, one result: dispatch only picks wider registers. Contraction is off for the whole project, so the
// clones print the same bits. Sanitizers instrument the resolver, which runs before they are ready: no clones there.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define QUANTSCOPE_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define QUANTSCOPE_CLONES
#endif

namespace quantscope {

namespace {

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

float clampLikeBrevitas(float y, const CodeParameters &p)
{
    y = y > p.max ? p.max : y;
    return y < p.min ? p.min : y;
}

QUANTSCOPE_CLONES void divideAddRound(const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
{
    for (std::size_t i = 0; i < count; ++i) {
        float y = std::nearbyint(x[i] / divisor + zeroPoint);
        y = y > max ? max : y;
        codes[i] = y < min ? min : y;
    }
}

QUANTSCOPE_CLONES void divideRoundAdd(const float *x, float *codes, std::size_t count, float divisor, float zeroPoint, float min, float max)
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

} // namespace

// The orders of operations differ where it is seldom seen and always matters: with scale 0.00214854861 the weight
// 0.273939937 divided gives 127.499992 -> 127, times the reciprocal 127.5 -> 128; and 0.5 + 1 rounds to 2 where
// 0.5 rounds to 0 and 0 + 1 is 1.
float codeOf(float x, const CodeParameters &p)
{
    switch (p.rule) {
    case CodeRule::DivideAddRound: return clampLikeBrevitas(roundWith(x / p.divisor + p.zeroPoint, p.rounding), p);
    case CodeRule::DivideRoundAdd: return clampLikeBrevitas(roundWith(x / p.divisor, p.rounding) + p.zeroPoint, p);
    case CodeRule::ReciprocalRoundAdd:
        return clampLikeBrevitas(roundWith(x * (1.0f / p.divisor), p.rounding) + p.zeroPoint, p);
    case CodeRule::Threshold: return x >= 0 ? 1.0f : -1.0f;
    case CodeRule::Stored: return clampLikeBrevitas(x, p);
    case CodeRule::BitPattern: return x;
    }
    return x;
}

float valueOf(float code, const CodeParameters &p) { return (code - p.zeroPoint) * p.scale; }

void codesOf(std::span<const float> x, const CodeParameters &p, std::span<float> codes)
{
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideAddRound)
        return divideAddRound(x.data(), codes.data(), x.size(), p.divisor, p.zeroPoint, p.min, p.max);
    if (p.rounding == Rounding::Round && p.rule == CodeRule::DivideRoundAdd)
        return divideRoundAdd(x.data(), codes.data(), x.size(), p.divisor, p.zeroPoint, p.min, p.max);
    for (std::size_t i = 0; i < x.size(); ++i)
        codes[i] = codeOf(x[i], p);
}

void valuesOf(std::span<const float> codes, const CodeParameters &p, std::span<float> values)
{
    dequantize(codes.data(), values.data(), codes.size(), p.zeroPoint, p.scale);
}

} // namespace quantscope
