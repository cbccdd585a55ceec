#pragma once

#include "base/error.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <string_view>

namespace quantscope {

/// A number as it was written: whole ones are compared exactly, up to 64 bits.
struct FindNumber {
    bool whole = false;
    bool negative = false;
    std::uint64_t magnitude = 0; ///< of a whole number
    double real = 0;
};

/// What to look for in a tensor.
struct FindQuery {
    enum class Subject { Code, AbsCode, Float, AbsFloat, AbsError, Clipped, AtLimit, Zeroed };
    enum class Relation { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
    Subject subject = Subject::Code;
    Relation relation = Relation::Equal;
    FindNumber number;

    bool needsFloats() const;
    bool needsCodes() const;
};

/// Reads a query about a slot's elements:
///   SUBJECT RELATION NUMBER   with code (or nothing), |code|, w or float, |w| or |float|, error; < <= > >= = == !=
///   NUMBER                    code = NUMBER
///   clipped, at limit, zeroed the elements that the statistics count under these names
/// A number is decimal, or the word of a code in two's complement of the slot's bits: hexadecimal `0x2D`, binary
/// `0b101101`, or binary as it is shown, with the type's binary point (`.101101`, `._1101`) or with all its digits
/// where these are no decimal code. Errors: Usage, one sentence.
Result<FindQuery> parseFindQuery(std::string_view text, const SlotQuantizer &slot);

} // namespace quantscope
