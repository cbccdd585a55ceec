#include "base/text.h"

#include "base/utf8.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <compare>
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

/// Length of a class such as `[12]`, `[a-c]` or `[!x]` at the start of a pattern, as Python's fnmatch reads it; 0 for a
/// bracket that nothing closes.
std::size_t classLength(std::string_view pattern)
{
    if (!pattern.starts_with('['))
        return 0;
    std::size_t first = pattern.substr(1).starts_with('!') ? 2 : 1;
    first += pattern.substr(first).starts_with(']') ? 1u : 0u; // in front it is a member
    const std::size_t end = pattern.find(']', first);
    return end == std::string_view::npos ? 0 : end + 1;
}

/// Whether a class, with its brackets, holds the character.
bool isInClass(std::string_view brackets, char c)
{
    std::string_view members = brackets.substr(1, brackets.size() - 2);
    const bool negated = members.starts_with('!');
    members.remove_prefix(negated ? 1 : 0);
    const auto byte = [](char of) { return static_cast<unsigned char>(of); };
    bool found = false;
    for (std::size_t i = 0; i < members.size() && !found;) {
        const bool range = i + 2 < members.size() && members[i + 1] == '-';
        found = byte(c) >= byte(members[i]) && byte(c) <= byte(members[range ? i + 2 : i]);
        i += range ? 3 : 1;
    }
    return found != negated;
}

/// Both readings of a bracket, a class and the character itself, wherever one stands.
class BracketMatcher {
public:
    explicit BracketMatcher(std::string_view pattern)
        : m_pattern(pattern)
        , m_now(pattern.size() + 1)
        , m_next(pattern.size() + 1)
    {
        reach(m_now, 0);
    }
    bool matches(std::string_view text)
    {
        for (const char c : text) {
            std::fill(m_next.begin(), m_next.end(), false);
            for (std::size_t p = 0; p < m_pattern.size(); ++p)
                if (m_now[p])
                    step(p, c);
            m_now.swap(m_next);
        }
        return m_now.back();
    }

private:
    void reach(std::vector<bool> &states, std::size_t p)
    {
        for (; !states[p]; ++p) {
            states[p] = true;
            if (p == m_pattern.size() || m_pattern[p] != '*')
                return;
        }
    }
    void step(std::size_t p, char c)
    {
        const std::string_view rest = m_pattern.substr(p);
        const std::size_t length = classLength(rest);
        if (rest[0] == '*')
            reach(m_next, p);
        else if (isEscape(rest) ? rest[1] == c : length > 0 && isInClass(rest.substr(0, length), c))
            reach(m_next, p + length);
        if (rest[0] != '*' && !isEscape(rest) && (rest[0] == '?' || rest[0] == c))
            reach(m_next, p + 1);
    }

    std::string_view m_pattern;
    std::vector<bool> m_now, m_next; ///< positions in the pattern that the text so far reaches
};

} // namespace

bool globMatch(std::string_view pattern, std::string_view text)
{
    if (pattern.find('[') != std::string_view::npos)
        return BracketMatcher(pattern).matches(text);
    // Greedy with one remembered star: linear in practice, never exponential.
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] != '*' && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
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
    for (std::size_t i = 0; i < pattern.size();) {
        const std::string_view rest = pattern.substr(i);
        if (isEscape(rest)) {
            i += 3;
            continue;
        }
        if (rest[0] == '*' || rest[0] == '?' || classLength(rest) > 0)
            return true;
        ++i;
    }
    return false;
}

std::string globEscape(std::string_view name)
{
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (name[i] == '*' || name[i] == '?' || name[i] == '[')
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
    for (std::size_t i = 0; i < pattern.size(); i += isEscape(pattern.substr(i)) ? 3u : 1u)
        if (pattern[i] == '*' || pattern[i] == '?')
            return false;
    return globName(pattern) == name;
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

namespace {

std::string lower(std::string_view text)
{
    std::string out(text.substr(0, kLongestName));
    std::transform(
        out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// How far a candidate is from what was meant; smaller is nearer.
struct Distance {
    enum class Kind { SameLetters, Prefix, Likeness };
    Kind kind = Kind::Likeness;
    std::size_t edits = 0; ///< for a prefix the letters that are missing
    auto operator<=>(const Distance &) const = default;
};

Distance distanceOf(std::string_view word, const std::string &lowered, const std::string &candidate)
{
    constexpr std::size_t kShortestPrefix = 3;
    const std::string other = lower(candidate);
    if (other == lowered)
        return {Distance::Kind::SameLetters, editDistance(word, candidate)}; // the case tells between two of them
    if (lowered.size() >= kShortestPrefix && other.starts_with(lowered))
        return {Distance::Kind::Prefix, other.size() - lowered.size()};
    return {Distance::Kind::Likeness, editDistance(lowered, other)};
}

struct Nearest {
    const std::string *word = nullptr;
    Distance distance;
};

Nearest nearestOf(std::string_view word, std::span<const std::string> candidates)
{
    const std::string lowered = lower(word);
    Nearest best;
    for (const std::string &candidate : candidates)
        if (const Distance distance = distanceOf(word, lowered, candidate);
            best.word == nullptr || distance < best.distance)
            best = {&candidate, distance};
    return best;
}

} // namespace

std::string nearestWord(std::string_view word, std::span<const std::string> candidates)
{
    const Nearest best = nearestOf(word, candidates);
    return best.word == nullptr ? std::string() : *best.word;
}

std::string didYouMean(std::string_view word, std::span<const std::string> candidates)
{
    constexpr std::size_t kFew = 8;
    const Nearest nearest = nearestOf(word, candidates);
    if (nearest.word == nullptr)
        return {};
    const std::size_t length = std::min(word.size(), kLongestName);
    if (nearest.distance.kind != Distance::Kind::Likeness
        || nearest.distance.edits <= std::max<std::size_t>(2, length / 2))
        return fmt::format("; did you mean \"{}\"?", *nearest.word);
    return candidates.size() > kFew ? fmt::format("; the nearest known is \"{}\"", *nearest.word)
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
