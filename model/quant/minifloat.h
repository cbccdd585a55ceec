#pragma once

namespace quantscope {

enum class Rounding;

/// A small float without infinity and NaN codes, as Brevitas 0.10 emulates it: sign, `exponentBits`, `mantissaBits`,
/// bias 2^(exponentBits-1) - 1. e4m3 reaches 480, e5m2 114688.
struct MinifloatFormat {
    int exponentBits = 0;
    int mantissaBits = 0;
    bool operator==(const MinifloatFormat &) const = default;
    int bias() const { return (1 << (exponentBits - 1)) - 1; }
};

/// Largest magnitude: (2 - 2^-mantissa) * 2^(2^exponent - 1 - bias).
float largestMinifloat(MinifloatFormat format);
/// The bit pattern that x rounds to: in steps of 2^max(floor(log2 |x|) - mantissa, 1 - bias - mantissa), clipped.
/// Source: Brevitas 0.10, core/quant/float.py. NaN passes through as NaN.
float minifloatPattern(float x, MinifloatFormat format, Rounding rounding);
/// The value of a bit pattern.
float minifloatValue(float pattern, MinifloatFormat format);

} // namespace quantscope
