#include "formats/pickle/pickle_text.h"

#include <charconv>
#include <cstdint>
#include <optional>

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

} // namespace

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

} // namespace quantscope
