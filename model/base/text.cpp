#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

template <class T> std::string shortestOf(T value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value < 0 ? "-inf" : "inf";
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

/// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629).
std::size_t utf8Length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || outside ? 0 : length;
}

} // namespace

std::string hexFloat(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value < 0 ? "-inf" : "inf";
    char text[64];
    const double magnitude = std::fabs(value);
    const auto end = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::hex).ptr;
    return (std::signbit(value) ? "-0x" : "0x") + std::string(text, end);
}

std::string shortest(float value) { return shortestOf(value); }
std::string shortest(double value) { return shortestOf(value); }

std::string grouped(std::uint64_t value)
{
    const std::string digits = std::to_string(value);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0)
            out += ',';
        out += digits[i];
    }
    return out;
}

std::string shapeText(std::span<const std::int64_t> shape, std::string_view separator)
{
    return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, separator));
}

namespace {

/// `[*]`, `[?]` and `[[]`.
bool isEscape(std::string_view pattern)
{
    return pattern.size() >= 3 && pattern[0] == '[' && pattern[2] == ']'
        && std::string_view("*?[").find(pattern[1]) != std::string_view::npos;
}

/// Length of the sign at the start of a pattern when it matches the character, else 0.
std::size_t matchedLength(std::string_view pattern, char c)
{
    if (isEscape(pattern))
        return pattern[1] == c ? 3 : 0;
    return !pattern.empty() && pattern[0] != '*' && (pattern[0] == '?' || pattern[0] == c) ? 1 : 0;
}

} // namespace

bool globMatch(std::string_view pattern, std::string_view text)
{
    // Greedy with one remembered star: linear in practice, never exponential.
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (const std::size_t length = matchedLength(pattern.substr(p), text[t]); length > 0) {
            p += length;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    return std::all_of(
        pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(), [](char c) { return c == '*'; });
}

bool hasWildcard(std::string_view pattern)
{
    for (std::size_t i = 0; i < pattern.size(); i += isEscape(pattern.substr(i)) ? 3u : 1u)
        if (pattern[i] == '*' || pattern[i] == '?')
            return true;
    return false;
}

std::string globEscape(std::string_view name)
{
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (name[i] == '*' || name[i] == '?' || isEscape(name.substr(i)))
            out += {'[', name[i], ']'};
        else
            out += name[i];
    return out;
}

std::string globName(std::string_view pattern)
{
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); i += isEscape(pattern.substr(i)) ? 3u : 1u)
        out += pattern[isEscape(pattern.substr(i)) ? i + 1 : i];
    return out;
}

bool globNames(std::string_view pattern, std::string_view name)
{
    return !hasWildcard(pattern) && globName(pattern) == name;
}

namespace {

constexpr std::size_t kLongestName = 256;

/// Edit distance; of words from files, only as much as a misspelt name can be long is compared.
std::size_t editDistance(std::string_view word, std::string_view other)
{
    word = word.substr(0, kLongestName);
    other = other.substr(0, kLongestName);
    std::vector<std::size_t> row(other.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = i;
    for (std::size_t w = 0; w < word.size(); ++w) {
        std::size_t diagonal = row[0];
        row[0] = w + 1;
        for (std::size_t o = 0; o < other.size(); ++o) {
            const std::size_t above = row[o + 1];
            const std::size_t change = diagonal + (word[w] == other[o] ? 0 : 1);
            row[o + 1] = std::min({above + 1, row[o] + 1, change});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

std::string nearestWord(std::string_view word, std::span<const std::string> candidates)
{
    const std::string *best = nullptr;
    std::size_t bestDistance = 0;
    for (const std::string &candidate : candidates) {
        const std::size_t d = editDistance(word, candidate);
        if (best == nullptr || d < bestDistance) {
            best = &candidate;
            bestDistance = d;
        }
    }
    return best == nullptr ? std::string() : *best;
}

std::string didYouMean(std::string_view word, std::span<const std::string> candidates)
{
    constexpr std::size_t kFew = 8;
    const std::string nearest = nearestWord(word, candidates);
    const std::size_t length = std::min(word.size(), kLongestName);
    if (!nearest.empty() && editDistance(word, nearest) <= std::max<std::size_t>(2, length / 2))
        return fmt::format("; did you mean \"{}\"?", nearest);
    return candidates.empty() || candidates.size() > kFew ? std::string()
                                                          : fmt::format("; known are {}", fmt::join(candidates, ", "));
}

bool isUtf8(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t length = utf8Length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

namespace {

/// Of a valid UTF-8 sequence.
char32_t codePoint(std::string_view sequence)
{
    const auto lead = static_cast<unsigned char>(sequence[0]);
    char32_t out = sequence.size() == 1 ? lead : lead & (0xFFu >> (sequence.size() + 1));
    for (const char c : sequence.substr(1))
        out = (out << 6) | (static_cast<unsigned char>(c) & 0x3Fu);
    return out;
}

/// Controls of terminals (U+009B starts an escape sequence), ends of lines, what turns the direction of text around
/// (Unicode UAX 9), and what is invisible.
bool steersOrHides(char32_t c)
{
    constexpr std::pair<char32_t, char32_t> kRanges[] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0x061C, 0x061C}, {0x200B, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}};
    return std::any_of(std::begin(kRanges), std::end(kRanges),
        [&](const auto &range) { return c >= range.first && c <= range.second; });
}

} // namespace

std::string printable(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t valid = utf8Length(text);
        const std::size_t length = std::max<std::size_t>(valid, 1);
        const std::string_view sequence = text.substr(0, length);
        if (valid > 0 && !steersOrHides(codePoint(sequence)))
            out += sequence;
        else
            for (const char c : sequence)
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        text.remove_prefix(length);
    }
    return out;
}

} // namespace quantscope
