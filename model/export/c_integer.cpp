#include "export/c_integer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace quantscope {

char *writeCInteger(char *to, std::int64_t value, int containerBits)
{
    const bool isSmallest = (containerBits == 32 && value == std::numeric_limits<std::int32_t>::min())
        || value == std::numeric_limits<std::int64_t>::min();
    if (isSmallest)
        *to++ = '(';
    to = std::to_chars(to, to + kLongestCInteger, isSmallest ? value + 1 : value).ptr;
    constexpr std::string_view kMinusOne = "-1)";
    return isSmallest ? std::copy(kMinusOne.begin(), kMinusOne.end(), to) : to;
}

std::string cInteger(std::int64_t value, int containerBits)
{
    char text[kLongestCInteger];
    return {text, writeCInteger(text, value, containerBits)};
}

} // namespace quantscope
