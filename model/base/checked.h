#pragma once

#include "base/error.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace quantscope {

/// a * b, or ParseError naming `what`. Products of file values are built factor by factor with this.
inline std::uint64_t checkedMul(std::uint64_t a, std::uint64_t b, std::string_view what)
{
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product))
        throw ParseError(std::string(what) + " is too large");
    return product;
}

/// a + b, or ParseError naming `what`.
inline std::uint64_t checkedAdd(std::uint64_t a, std::uint64_t b, std::string_view what)
{
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        throw ParseError(std::string(what) + " is too large");
    return sum;
}

/// `value` as To, or ParseError naming `what` when it does not fit.
template <std::integral To, std::integral From> To narrow(From value, std::string_view what)
{
    if (!std::in_range<To>(value))
        throw ParseError(std::string(what) + " is out of range");
    return static_cast<To>(value);
}

} // namespace quantscope
