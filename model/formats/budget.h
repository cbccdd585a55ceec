#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

/// Memory that one open may use for what it builds. A few bytes of a pickle can stand for a long name, a shape or a
/// shared list a thousand times over, so counts alone bound nothing: everything that grows is charged here.
class Budget {
public:
    explicit Budget(std::uint64_t bytes)
        : m_limit(bytes)
    {
    }

    void charge(std::uint64_t bytes, std::string_view what)
    {
        if (bytes > m_limit - m_used)
            throw ParseError(fmt::format(
                "{} would need more than {} MB of memory, too much for a file of this size", what, m_limit >> 20));
        m_used += bytes;
    }
    std::uint64_t left() const { return m_limit - m_used; }

private:
    std::uint64_t m_limit;
    std::uint64_t m_used = 0;
};

} // namespace quantscope
