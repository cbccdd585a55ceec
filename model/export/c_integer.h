#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace quantscope {

/// Room for the text of any integer.
constexpr std::size_t kLongestCInteger = 24;

/// Writes `value` as a C99 constant expression for an integer type of `containerBits` and returns the end of the text.
/// The smallest number of int32_t and of int64_t has no literal: -2147483648 is the negation of a number that no int
/// holds, so it is written as (-2147483647-1).
char *writeCInteger(char *to, std::int64_t value, int containerBits);
std::string cInteger(std::int64_t value, int containerBits);

} // namespace quantscope
