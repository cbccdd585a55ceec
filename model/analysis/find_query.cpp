#include "analysis/find_query.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Subject = FindQuery::Subject;
using Relation = FindQuery::Relation;

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isSpace(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isSpace(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

bool takePrefix(std::string_view &text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<Subject> propertyOf(std::string_view text)
{
    if (text == "clipped")
        return Subject::Clipped;
    if (text == "zeroed")
        return Subject::Zeroed;
    if (takePrefix(text, "at") && !text.empty() && (isSpace(text[0]) || text[0] == '_')) {
        text.remove_prefix(1);
        if (trimmed(text) == "limit")
            return Subject::AtLimit;
    }
    return std::nullopt;
}

std::optional<Subject> subjectOf(std::string_view word)
{
    if (word.empty() || word == "code")
        return Subject::Code;
    if (word == "|code|")
        return Subject::AbsCode;
    if (word == "w" || word == "float")
        return Subject::Float;
    if (word == "|w|" || word == "|float|")
        return Subject::AbsFloat;
    if (word == "error" || word == "|error|")
        return Subject::AbsError;
    return std::nullopt;
}

Relation takeRelation(std::string_view &text)
{
    static constexpr std::pair<std::string_view, Relation> kSigns[]
        = {{"<=", Relation::LessEqual}, {"≤", Relation::LessEqual}, {">=", Relation::GreaterEqual},
            {"≥", Relation::GreaterEqual}, {"!=", Relation::NotEqual}, {"==", Relation::Equal}, {"<", Relation::Less},
            {">", Relation::Greater}, {"=", Relation::Equal}};
    for (const auto &[sign, relation] : kSigns)
        if (takePrefix(text, sign))
            return relation;
    return Relation::Equal;
}

/// How a slot's codes are written as words.
struct Word {
    int bits = 64;
    std::optional<int> integerBits; ///< where the shown word has a binary point
    CodeRange range{INT64_MIN, INT64_MAX};

    bool isSigned() const { return range.min < 0; }
    bool fits(std::uint64_t pattern) const { return bits >= 64 || pattern >> bits == 0; }
    std::int64_t code(std::uint64_t pattern) const
    {
        const auto unused = static_cast<unsigned>(64 - bits);
        return isSigned() ? static_cast<std::int64_t>(pattern << unused) >> unused : static_cast<std::int64_t>(pattern);
    }
};

Word wordOf(const SlotQuantizer &slot)
{
    Word word;
    if (!slot.isReadable())
        return word;
    word.bits = std::clamp(slot.quantizer->wordBits(), 1, 64);
    word.range = codeRange(*slot.quantizer);
    if (slot.quantizer->kind == QuantizerKind::Minifloat) // its codes are bit patterns
        word.range = {0, static_cast<std::int64_t>(~0ull >> 1 >> (63 - std::min(word.bits, 63)))};
    if (const auto type = fixedType(*slot.quantizer))
        word.integerBits = type->integerBits;
    return word;
}

std::optional<std::uint64_t> digits(std::string_view text, int base)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional(value) : std::nullopt;
}

FindNumber wholeNumber(bool negative, std::uint64_t magnitude)
{
    const double real = static_cast<double>(magnitude);
    return {true, negative, magnitude, negative ? -real : real};
}

FindNumber ofCode(std::int64_t code)
{
    const auto bits = static_cast<std::uint64_t>(code);
    return wholeNumber(code < 0, code < 0 ? 0 - bits : bits);
}

/// A code as the window and `--as bin` write it; nullopt for what reads as a decimal number.
std::optional<std::int64_t> shownBinary(std::string_view text, const Word &word)
{
    std::string bits;
    for (const char c : text)
        if (c == '0' || c == '1')
            bits += c;
        else if (c != '.' && c != '_')
            return std::nullopt;
    const auto pattern = digits(bits, 2);
    if (!pattern || bits.size() != static_cast<std::size_t>(word.bits))
        return std::nullopt;
    const std::int64_t code = word.code(*pattern);
    if (bits.size() != text.size()) // with its point it is the word of one type only
        return word.integerBits && binaryWord(code, word.bits, *word.integerBits) == text ? std::optional(code)
                                                                                          : std::nullopt;
    const auto decimal = digits(text, 10);
    const bool isDecimalCode = decimal && text[0] != '0' && *decimal <= static_cast<std::uint64_t>(word.range.max);
    return isDecimalCode ? std::nullopt : std::optional(code);
}

std::optional<FindNumber> decimalNumber(std::string_view text, bool negative)
{
    if (const auto whole = digits(text, 10))
        return wholeNumber(negative, *whole);
    FindNumber number;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.real);
    if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-'))
        return std::nullopt;
    constexpr double kExact = 9007199254740992; // 2^53
    if (number.real == std::trunc(number.real) && number.real <= kExact)
        return wholeNumber(negative, static_cast<std::uint64_t>(number.real));
    number.negative = negative;
    number.real = negative ? -number.real : number.real;
    return number;
}

tl::unexpected<Error> usage(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, {}, std::nullopt, std::move(message)});
}

/// The number of a query whose subject and relation are known.
Result<FindNumber> parseNumber(std::string_view text, const FindQuery &query, const Word &word)
{
    const bool ofCodes = query.subject == Subject::Code;
    std::string_view rest = text;
    const bool negative = takePrefix(rest, "-") || takePrefix(rest, "−");
    if (!negative)
        takePrefix(rest, "+");
    const int base = takePrefix(rest, "0x") ? 16 : takePrefix(rest, "0b") ? 2 : 10;
    if (base != 10) {
        const auto pattern = digits(rest, base);
        if (!pattern)
            return usage(fmt::format("“{}” is not a number", text));
        if (ofCodes && !word.fits(*pattern))
            return usage(fmt::format("“{}” does not fit in the {} bits of a code", text, word.bits));
        return ofCodes && !negative ? ofCode(word.code(*pattern)) : wholeNumber(negative, *pattern);
    }
    if (ofCodes && rest.size() == text.size())
        if (const auto code = shownBinary(text, word))
            return ofCode(*code);
    const auto number = decimalNumber(rest, negative);
    if (!number)
        return usage(fmt::format("“{}” is not a number", text));
    const bool equality = query.relation == Relation::Equal || query.relation == Relation::NotEqual;
    if (query.subject <= Subject::AbsCode && equality && !number->whole)
        return usage(
            fmt::format("“{}” is neither a whole number nor a word of {} bits, so it is no code", text, word.bits));
    return *number;
}

} // namespace

bool FindQuery::needsFloats() const { return subject >= Subject::Float && subject != Subject::AtLimit; }

bool FindQuery::needsCodes() const { return subject != Subject::Float && subject != Subject::AbsFloat; }

Result<FindQuery> parseFindQuery(std::string_view text, const SlotQuantizer &slot)
{
    const std::string lowered = lower(trimmed(text));
    FindQuery query;
    if (const auto property = propertyOf(lowered)) {
        query.subject = *property;
        return query;
    }
    std::string_view rest = lowered;
    const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return c != '|' && (c < 'a' || c > 'z'); });
    const auto subject = subjectOf(rest.substr(0, static_cast<std::size_t>(end - rest.begin())));
    rest = trimmed(rest.substr(static_cast<std::size_t>(end - rest.begin())));
    query.relation = takeRelation(rest);
    rest = trimmed(rest);
    if (!subject || rest.empty() || std::any_of(rest.begin(), rest.end(), isSpace))
        return usage("use code, |code|, w, |w| or error, a comparison and a number, such as |code| >= 19; "
                     "or clipped, at limit, zeroed");
    query.subject = *subject;
    const auto number = parseNumber(rest, query, wordOf(slot));
    if (!number)
        return tl::unexpected(number.error());
    query.number = *number;
    return query;
}

} // namespace quantscope
