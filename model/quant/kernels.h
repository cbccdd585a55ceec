#pragma once

#include "quant/quantizer.h"

#include <cstdint>
#include <span>
#include <vector>

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

/// What learned rounding does to one element: its stored decision and the rule that reads it.
struct ElementDecision {
    LearnedDecision rule;
    float stored = 0;
};

/// An operation of the definition, with the `operand` that CodeStep keeps.
enum class CodeOperation {
    Divide, ///< y = x / divisor
    TimesReciprocal, ///< y = x * (1 / divisor)
    AddShift, ///< y + shift: a zero point that is added before rounding, or a zero-centring offset
    AddDecision, ///< y + clamp(stored decision, -0.5, 0.5); the operand is clamped
    Round,
    RoundUp, ///< a learned decision: the floor + 1, or + 0
    AddZeroPoint, ///< after rounding
    AtLeastZero, ///< x >= 0: 1 or 0
    AboveThreshold, ///< |x| > operand: 1 or 0
    Sign, ///< the code of a comparison
    Clamp, ///< to the limits of the codes
    NearestMinifloat, ///< the bit pattern
    DecodePattern, ///< a bit pattern's value
    SubtractZeroPoint,
    TimesScale,
};

/// One operation on one element: what it worked with and what it gave.
struct CodeStep {
    CodeOperation operation = CodeOperation::Divide;
    float operand = 0; ///< 0 where the operation has none
    float result = 0;
};

/// The definition: the code of one float. NaN passes through, as in Brevitas' comparison-style clamp.
/// A decision belongs to learned rounding; the rules that do not round take none.
float codeOf(float x, const CodeParameters &p);
float codeOf(float x, const CodeParameters &p, const ElementDecision &decision);
/// value = (code - zero point) * scale.
float valueOf(float code, const CodeParameters &p);

/// The same computations, which leave their intermediate results behind; `decision` may be null.
float codeOf(float x, const CodeParameters &p, const ElementDecision *decision, std::vector<CodeStep> &steps);
float valueOf(float code, const CodeParameters &p, std::vector<CodeStep> &steps);

/// The kernels: equal to codeOf and valueOf bit for bit on every CPU.
void codesOf(std::span<const float> x, const CodeParameters &p, std::span<float> codes);
void valuesOf(std::span<const float> codes, const CodeParameters &p, std::span<float> values);

/// y as a whole number; of learned rounding the floor, to which the decision is added.
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
