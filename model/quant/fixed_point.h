#pragma once

#include "quant/quantizer.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quantscope {

/// -log2(scale) when the scale is an exact positive power of two (also denormal), else nullopt.
std::optional<int> fractionalBits(float scale);
/// "2^-6" for a power of two, else the shortest decimal.
std::string powerText(float scale);

/// The schema's `frac_bits`: one number when every scale is the same power of two, a list when the channels' scales
/// are different powers of two, monostate otherwise.
using FracBits = std::variant<std::monostate, int, std::vector<int>>;
FracBits fractionalBits(const Granular &scale);

/// An ap_fixed-like type: W bits of which I (sign bit included) stand left of the binary point; I may be negative or
/// exceed W. value = raw * 2^-(W-I).
struct FixedType {
    int width = 0;
    int integerBits = 0;
    bool isSigned = true;
    int fractionBits() const { return width - integerBits; }
};

/// The type that holds the quantizer's values exactly: one power-of-two scale, zero point 0, affine. Binary codes get 2
/// bits.
std::optional<FixedType> fixedType(const Quantizer &quantizer);
std::string apFixedName(const FixedType &type); ///< "ap_fixed<6,0>", "ap_ufixed<8,2>"

/// Two's complement of `code` in `bits` bits (1..64) as upper-case hexadecimal, ceil(bits/4) digits: "0xFE".
std::string hexWord(std::int64_t code, int bits);
/// `bits` binary digits, most significant first, without a point.
std::string binaryDigits(std::int64_t code, int bits);
/// The same with the binary point: "00.000110" for code 6 in 8 bits with I = 2, ".101101" for I = 0. Where the point
/// lies outside the word the missing places are shown as '_' : "._1101" for I = -1, "1101__." for I = W + 2.
std::string binaryWord(std::int64_t code, int bits, int integerBits);

} // namespace quantscope
