#pragma once

#include <optional>

namespace quantscope {

enum class Rounding;

/// A small float: sign, `exponentBits` (1 to 8), `mantissaBits`, with subnormals; 24 bits at most. What is not stated
/// is as Brevitas 0.10 emulates it: bias 2^(exponentBits-1) - 1 and no code for infinity and NaN, so that e4m3 reaches
/// 480 and e5m2 114688.
struct MinifloatFormat {
    /// What a value beyond the largest becomes.
    enum class Overflow {
        Largest,
        Infinity, ///< highest exponent, mantissa 0
        Nan, ///< all ones, without sign
    };
    int exponentBits = 0;
    int mantissaBits = 0;
    std::optional<int> statedBias = {};
    std::optional<float> statedLargest = {}; ///< a value of the format, by the file's own word
    Overflow overflow = Overflow::Largest;
    bool operator==(const MinifloatFormat &) const = default;
    int bias() const { return statedBias.value_or((1 << (exponentBits - 1)) - 1); }
};

/// Exponent and mantissa are in range, and every value is a float32.
bool isDecodedMinifloat(const MinifloatFormat &format);
/// Largest magnitude: the stated one, and at most (2 - 2^-mantissa) * 2^(2^exponent - 1 - bias).
float largestMinifloat(MinifloatFormat format);
/// The bit pattern that x rounds to: in steps of 2^max(floor(log2 |x|) - mantissa, 1 - bias - mantissa), clipped.
/// Source: Brevitas 0.10, core/quant/float.py; qonnx, custom_op/general/floatquant.py. NaN passes through as NaN, and
/// so does infinity where the largest value is stated, as there.
float minifloatPattern(float x, MinifloatFormat format, Rounding rounding);
/// The value of a bit pattern.
float minifloatValue(float pattern, MinifloatFormat format);

} // namespace quantscope
