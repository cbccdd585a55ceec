#include "analysis/find_query.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Subject = FindTerm::Subject;
using Relation = FindTerm::Relation;

/// The first word of a subject is the one that it is told by.
constexpr std::pair<std::string_view, Subject> kSubjects[]
    = {{"code", Subject::Code}, {"", Subject::Code}, {"|code|", Subject::AbsCode}, {"channel", Subject::Channel},
        {"value", Subject::Value}, {"|value|", Subject::AbsValue}, {"w", Subject::Weight}, {"|w|", Subject::AbsWeight},
        {"float", Subject::Float}, {"|float|", Subject::AbsFloat}, {"error", Subject::AbsError},
        {"|error|", Subject::AbsError}, {"change", Subject::Change}, {"|change|", Subject::AbsChange}};
constexpr std::pair<std::string_view, Subject> kProperties[]
    = {{"clipped", Subject::Clipped}, {"at limit", Subject::AtLimit}, {"zeroed", Subject::Zeroed},
        {"not finite", Subject::NotFinite}, {"changed", Subject::Changed}};
constexpr std::pair<std::string_view, Relation> kSigns[] = {{"<=", Relation::LessEqual}, {"≤", Relation::LessEqual},
    {">=", Relation::GreaterEqual}, {"≥", Relation::GreaterEqual}, {"!=", Relation::NotEqual}, {"==", Relation::Equal},
    {"<", Relation::Less}, {">", Relation::Greater}, {"=", Relation::Equal}};

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

/// "at  limit" and "at_limit" as "at limit".
std::string oneSpaced(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (!isSpace(c) && c != '_')
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    return out;
}

template <std::size_t N>
std::optional<Subject> namedIn(const std::pair<std::string_view, Subject> (&table)[N], std::string_view word)
{
    for (const auto &[name, subject] : table)
        if (name == word)
            return subject;
    return std::nullopt;
}

/// Cuts at `and`, `&` and `&&`; what stands between two of them may be empty.
std::vector<std::string_view> termTexts(std::string_view text)
{
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const bool word
            = at > 0 && isSpace(text[at - 1]) && rest.starts_with("and") && rest.size() > 3 && isSpace(rest[3]);
        const std::size_t length = rest.starts_with("&&") ? 2 : rest[0] == '&' ? 1 : word ? 3 : 0;
        if (length > 0)
            parts.push_back(text.substr(begin, at - begin));
        at += length > 0 ? length : 1;
        begin = length > 0 ? at : begin;
    }
    parts.push_back(text.substr(begin));
    return parts;
}

Relation takeRelation(std::string_view &text)
{
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
    return {true, negative, magnitude, negative ? -real : real, true};
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

/// Whether a float32 is shown with these digits.
bool isShownAs(double real)
{
    const std::string shown = shortest(static_cast<float>(real));
    double back = 0;
    std::from_chars(shown.data(), shown.data() + shown.size(), back);
    return back == real;
}

std::optional<FindNumber> powerOfTwo(std::string_view exponentText, bool negative)
{
    int exponent = 0;
    const auto [end, error] = std::from_chars(exponentText.data(), exponentText.data() + exponentText.size(), exponent);
    if (error != std::errc() || end != exponentText.data() + exponentText.size() || std::abs(exponent) > 1000)
        return std::nullopt;
    if (exponent >= 0 && exponent < 64)
        return wholeNumber(negative, 1ull << exponent);
    return FindNumber{false, negative, 0, std::ldexp(negative ? -1.0 : 1.0, exponent), false};
}

std::optional<FindNumber> decimalNumber(std::string_view text, bool negative)
{
    if (const auto whole = digits(text, 10))
        return wholeNumber(negative, *whole);
    if (takePrefix(text, "2^"))
        return powerOfTwo(text, negative);
    FindNumber number;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.real);
    if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-'))
        return std::nullopt;
    constexpr double kExact = 9007199254740992; // 2^53
    if (number.real == std::trunc(number.real) && number.real <= kExact)
        return wholeNumber(negative, static_cast<std::uint64_t>(number.real));
    number.asFloat = isShownAs(number.real);
    number.negative = negative;
    number.real = negative ? -number.real : number.real;
    return number;
}

tl::unexpected<Error> usage(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, {}, std::nullopt, std::move(message)});
}

/// The number of a query whose subject and relation are known.
Result<FindNumber> parseNumber(std::string_view text, const FindTerm &query, const Word &word)
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
    if (query.subject == Subject::Channel && equality && !number->whole)
        return usage(fmt::format("“{}” is no whole number, so it is no channel", text));
    if ((query.subject == Subject::Change || query.subject == Subject::AbsChange) && equality && !number->whole)
        return usage(fmt::format("“{}” is no whole number, so it is no change of a code", text));
    if (query.subject <= Subject::AbsCode && equality && !number->whole)
        return usage(
            fmt::format("“{}” is neither a whole number nor a word of {} bits, so it is no code", text, word.bits));
    return *number;
}

Result<FindTerm> parseTerm(std::string_view text, const Word &word)
{
    FindTerm term;
    if (const auto property = namedIn(kProperties, oneSpaced(text))) {
        term.subject = *property;
        return term;
    }
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c != '|' && (c < 'a' || c > 'z'); });
    const auto length = static_cast<std::size_t>(end - text.begin());
    const auto subject = namedIn(kSubjects, text.substr(0, length));
    std::string_view rest = trimmed(text.substr(length));
    term.relation = takeRelation(rest);
    rest = trimmed(rest);
    if (!subject || rest.empty() || std::any_of(rest.begin(), rest.end(), isSpace))
        return usage("use code, |code|, w, |w|, value, error or channel, a comparison and a number, such as "
                     "|code| >= 19; or clipped, at limit, zeroed, not finite; 'and' joins several");
    term.subject = *subject;
    const auto number = parseNumber(rest, term, word);
    if (!number)
        return tl::unexpected(number.error());
    term.number = *number;
    return term;
}

std::uint64_t magnitudeOf(std::int64_t number)
{
    const auto bits = static_cast<std::uint64_t>(number);
    return number < 0 ? 0 - bits : bits;
}

/// -1, 0 or 1 as what is found is less than, equal to or greater than a whole number.
int compared(bool negative, std::uint64_t magnitude, const FindNumber &number)
{
    const bool below = number.negative && number.magnitude > 0;
    if (negative != below)
        return negative ? -1 : 1;
    const int order = magnitude < number.magnitude ? -1 : magnitude > number.magnitude ? 1 : 0;
    return negative ? -order : order;
}

std::string numberText(const FindNumber &number)
{
    if (number.whole)
        return fmt::format("{}{}", number.negative && number.magnitude > 0 ? "-" : "", number.magnitude);
    int exponent = 0;
    if (std::frexp(std::fabs(number.real), &exponent) == 0.5)
        return fmt::format("{}2^{}", number.negative ? "-" : "", exponent - 1);
    return shortest(number.real);
}

std::string termText(const FindTerm &term)
{
    for (const auto &[name, subject] : kProperties)
        if (subject == term.subject)
            return std::string(name);
    const auto named = [&](const auto &row) { return row.second == term.subject; };
    const auto related = [&](const auto &row) { return row.second == term.relation && row.first != "=="; };
    return fmt::format("{} {} {}", std::ranges::find_if(kSubjects, named)->first,
        std::ranges::find_if(kSigns, related)->first, numberText(term.number));
}

} // namespace

bool FindTerm::needsFloats() const
{
    return subject >= Subject::Weight && subject != Subject::AtLimit && !isFloatOrValue();
}

bool FindTerm::isFloatOrValue() const { return subject == Subject::Float && relation == Relation::Equal; }

bool FindTerm::needsCodes() const { return subject <= Subject::AbsCode || subject >= Subject::AbsError; }

bool FindTerm::needsSecond() const
{
    return subject == Subject::Changed || subject == Subject::Change || subject == Subject::AbsChange;
}

bool FindTerm::holdsOf(std::int64_t subjectNumber) const
{
    const bool takesMagnitude = subject == Subject::AbsCode || subject == Subject::AbsChange;
    const bool negative = !takesMagnitude && subjectNumber < 0;
    const std::uint64_t magnitude = magnitudeOf(subjectNumber);
    if (number.whole)
        return holds(compared(negative, magnitude, number), relation, 0);
    const double real = static_cast<double>(magnitude);
    return holds(negative ? -real : real, relation, number.real);
}

bool FindTerm::needsValues() const { return subject == Subject::Value || subject == Subject::AbsValue; }

Result<FindQuery> parseFindQuery(std::string_view text, const SlotQuantizer &slot)
{
    const std::string lowered = lower(trimmed(text));
    const Word word = wordOf(slot);
    FindQuery query;
    for (const std::string_view part : termTexts(lowered)) {
        const auto term = parseTerm(trimmed(part), word);
        if (!term)
            return tl::unexpected(term.error());
        query.terms.push_back(*term);
    }
    return query;
}

std::string findQueryText(const FindQuery &query)
{
    std::string text;
    for (const FindTerm &term : query.terms)
        text += (text.empty() ? "" : " and ") + termText(term);
    return text;
}

} // namespace quantscope
