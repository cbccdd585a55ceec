// The lines of protocol 0.

#include "formats/pickle/pickle_machine.h"

#include "base/parse_number.h"
#include "base/text.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Text of a code point, as UTF-8; surrogates are kept as three bytes.
void appendUtf8(std::string &out, std::uint32_t code)
{
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 63));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 63));
        put(0x80 | (code & 63));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 63));
        put(0x80 | ((code >> 6) & 63));
        put(0x80 | (code & 63));
    }
}

std::optional<std::uint32_t> hexDigits(std::string_view text, std::size_t count)
{
    std::uint32_t value = 0;
    if (text.size() < count)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + count, value, 16);
    return error == std::errc() && end == text.data() + count ? std::optional(value) : std::nullopt;
}

/// Python's raw-unicode-escape: only \uXXXX and \UXXXXXXXX are escapes, other bytes are Latin-1.
std::string rawUnicode(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const bool isEscape = text.size() > 1 && text[0] == '\\' && (text[1] == 'u' || text[1] == 'U');
        const std::size_t digits = isEscape ? (text[1] == 'u' ? 4 : 8) : 0;
        const auto code = isEscape ? hexDigits(text.substr(2), digits) : std::nullopt;
        appendUtf8(out, code && *code < 0x110000 ? *code : static_cast<unsigned char>(text[0]));
        text.remove_prefix(code && *code < 0x110000 ? 2 + digits : 1);
    }
    return out;
}

/// The escapes that repr() of a Python 2 string writes.
std::string unescaped(std::string_view text)
{
    constexpr std::string_view kNames = "ntr\\'\"", kValues = "\n\t\r\\'\"";
    std::string out;
    while (!text.empty()) {
        std::size_t used = 1;
        char value = text[0];
        if (text[0] == '\\' && text.size() > 1) {
            const std::size_t simple = kNames.find(text[1]);
            const auto code = text[1] == 'x' ? hexDigits(text.substr(2), 2) : std::nullopt;
            value = code ? static_cast<char>(*code) : simple != std::string_view::npos ? kValues[simple] : text[0];
            used = code ? 4 : simple != std::string_view::npos ? 2 : 1;
        }
        out += value;
        text.remove_prefix(used);
    }
    return out;
}

} // namespace

std::string_view PickleMachine::line()
{
    const auto rest = m_tree.bytes().subspan(m_cursor.position());
    const std::string_view text(reinterpret_cast<const char *>(rest.data()), rest.size());
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
        fail("the pickle has a line without an end");
    m_cursor.skip(end + 1);
    std::string_view out = text.substr(0, end);
    if (out.ends_with('\r'))
        out.remove_suffix(1);
    return out;
}

std::uint64_t PickleMachine::lineNumber()
{
    const auto value = parseNumber<std::uint64_t>(line());
    if (!value)
        fail("the pickle has a memo index that is not a number");
    return *value;
}

void PickleMachine::textInt()
{
    const std::string_view text = line();
    if (text == "00")
        return no();
    if (text == "01")
        return yes();
    const auto value = parseNumber<std::int64_t>(text);
    if (!value)
        fail(fmt::format("the pickle has an integer '{}' that is not one", printable(text.substr(0, 40))));
    push(m_tree.addScalar(PickleKind::Int, *value));
}

void PickleMachine::textLong()
{
    std::string_view text = line();
    if (text.ends_with('L'))
        text.remove_suffix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || text.empty())
        fail("the pickle has an integer that is not one");
    push(error == std::errc() ? m_tree.addScalar(PickleKind::Int, value)
                              : m_tree.addOwnedText(PickleKind::BigInt, text));
}

void PickleMachine::textFloat()
{
    const std::string_view text = line();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size())
        fail("the pickle has a number that is not one");
    push(m_tree.addReal(value));
}

void PickleMachine::textString()
{
    const std::string_view text = line();
    const bool quoted
        = text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
    if (!quoted)
        fail("the pickle has a string without quotes");
    push(m_tree.addOwnedText(PickleKind::Text, unescaped(text.substr(1, text.size() - 2))));
}

void PickleMachine::textUnicode() { push(m_tree.addOwnedText(PickleKind::Text, rawUnicode(line()))); }

void PickleMachine::textPersistent()
{
    const PickleRef id = m_tree.addOwnedText(PickleKind::Text, line());
    push(m_tree.addPair(PickleKind::Persistent, id, 0));
}

} // namespace quantscope
