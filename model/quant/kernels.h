#pragma once

#include "quant/quantizer.h"

#include <cstdint>
#include <span>

namespace quantscope {

/// Parameters of one run of elements that share scale and zero point; all float32, as Brevitas computes.
struct CodeParameters {
    CodeRule rule = CodeRule::DivideAddRound;
    Rounding rounding = Rounding::Round;
    float scale = 1; ///< for values
    float divisor = 1; ///< for codes; equal to scale except for decoupled quantizers
    float zeroPoint = 0; ///< subtracted from a code to get its value
    float shift = 0; ///< added before rounding: the zero point, or a zero-centring offset
    float min = 0; ///< limits as float32: from 26 bits on they are not the exact integers, as in Brevitas
    float max = 0;
    float ternaryThreshold = 0.5f;
    MinifloatFormat minifloat;
    DType stored = DType::Unknown; ///< element type whose bits are the code, for CodeRule::BitPattern
};

/// The definition: the code of one float. NaN passes through, as in Brevitas' comparison-style clamp.
float codeOf(float x, const CodeParameters &p);
/// value = (code - zero point) * scale.
float valueOf(float code, const CodeParameters &p);

/// The kernels: equal to codeOf and valueOf bit for bit on every CPU.
void codesOf(std::span<const float> x, const CodeParameters &p, std::span<float> codes);
void valuesOf(std::span<const float> codes, const CodeParameters &p, std::span<float> values);

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
