#include "export/code_text.h"

#include "export/c_integer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace quantscope {

namespace {

constexpr std::int64_t kSmallest = -128;
constexpr std::int64_t kLargest = 255;
constexpr std::string_view kIndent = "    ";
/// With the comma and the blank behind it and the indent of its line.
constexpr std::size_t kLongest = kLongestCInteger + 8;

} // namespace

CodeText::CodeText(int containerBits, std::uint64_t count)
    : m_bits(containerBits)
    , m_count(count)
{
    if (m_bits != 8)
        return;
    for (std::int64_t code = kSmallest; code <= kLargest; ++code) {
        Rendered rendered;
        char *end = std::to_chars(rendered.text.data(), rendered.text.data() + rendered.text.size(), code).ptr;
        *end++ = ',';
        *end++ = ' ';
        rendered.length = static_cast<std::size_t>(end - rendered.text.data());
        m_small.push_back(rendered);
    }
}

char *CodeText::append(char *at, std::int64_t code) const
{
    if (!m_small.empty()) {
        const Rendered &rendered = m_small[static_cast<std::size_t>(code - kSmallest)];
        std::memcpy(at, rendered.text.data(), rendered.text.size());
        return at + rendered.length;
    }
    at = writeCInteger(at, code, m_bits);
    *at++ = ',';
    *at++ = ' ';
    return at;
}

std::string_view CodeText::lines(std::uint64_t begin, std::span<const std::int64_t> codes)
{
    m_buffer.resize(codes.size() * kLongest + kLongest);
    char *at = m_buffer.data();
    for (std::size_t i = 0; i < codes.size();) {
        const std::size_t end = std::min<std::size_t>(i + kPerLine, codes.size());
        at = std::copy(kIndent.begin(), kIndent.end(), at);
        for (; i < end; ++i)
            at = append(at, codes[i]);
        at[-1] = '\n';
    }
    const bool isLast = begin + codes.size() == m_count && !codes.empty();
    if (isLast) // no comma after the last one
        (--at)[-1] = '\n';
    return {m_buffer.data(), static_cast<std::size_t>(at - m_buffer.data())};
}

} // namespace quantscope
