#pragma once

#include "base/error.h"
#include "quant/quantizer.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A number as it was written: whole ones are compared exactly, up to 64 bits.
struct FindNumber {
    bool whole = false;
    bool negative = false;
    std::uint64_t magnitude = 0; ///< of a whole number
    double real = 0;
    bool asFloat = true; ///< no float32 shows as more digits than were written: it is meant
};

/// One condition on an element.
struct FindTerm {
    /// Float, Weight: the float in the file; Value: what the code stands for, without codes the float.
    enum class Subject {
        Code,
        AbsCode,
        Channel,
        Value,
        AbsValue,
        NotFinite,
        Changed,
        Change,
        AbsChange,
        Weight,
        AbsWeight,
        Float,
        AbsFloat,
        AbsError,
        Clipped,
        AtLimit,
        Zeroed
    };
    enum class Relation { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
    Subject subject = Subject::Code;
    Relation relation = Relation::Equal;
    FindNumber number;

    bool needsFloats() const;
    bool isFloatOrValue() const; ///< `float = NUMBER`
    bool needsCodes() const;
    bool needsValues() const; ///< of codes: their scale
    bool needsSecond() const; ///< a model to compare with
    /// Of a subject that is a whole number: the code, the channel, the change of a code. |..| takes its magnitude.
    bool holdsOf(std::int64_t subjectNumber) const;
};

template <class T> bool holds(T subject, FindTerm::Relation relation, T number)
{
    switch (relation) {
    case FindTerm::Relation::Less: return subject < number;
    case FindTerm::Relation::LessEqual: return subject <= number;
    case FindTerm::Relation::Greater: return subject > number;
    case FindTerm::Relation::GreaterEqual: return subject >= number;
    case FindTerm::Relation::Equal: return subject == number;
    case FindTerm::Relation::NotEqual: return subject != number;
    }
    return false;
}

/// What to look for in a tensor: what all terms hold of. None holds of every element.
struct FindQuery {
    std::vector<FindTerm> terms;
};

/// Reads a query about a slot's elements:
///   SUBJECT RELATION NUMBER   with code (or nothing), |code|, w or float, |w| or |float| (the file's float), value,
///   |value|
///                             (what the code stands for), error, channel; < <= > >= = == !=
///   NUMBER                    code = NUMBER
///   float = NUMBER            the file's float or the value: what is shown as a float
///   clipped, at limit, zeroed the elements that the statistics count under these names
///   not finite                NaN and infinities of the file
///   changed, change, |change| against the slot of a second model (diff/find_changes.h): elements with another code,
///   and
///                             the second code minus the first
///   TERM and TERM             `&` and `&&` stand for `and` too
/// A number is decimal, a power of two (`2^-3`), or the word of a code in two's complement of the slot's bits:
/// hexadecimal `0x2D`, binary `0b101101`, or binary as it is shown, with the type's binary point (`.101101`, `._1101`)
/// or with all its digits where these are no decimal code. Errors: Usage, one sentence.
Result<FindQuery> parseFindQuery(std::string_view text, const SlotQuantizer &slot);

/// How a query was read, as a query: words of codes as the codes that they are ("0x2D" of 6 bits: "code = -19").
std::string findQueryText(const FindQuery &query);

} // namespace quantscope
