#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace quantscope {

/// The whole text as a decimal number of type T, with a point whatever the locale. nullopt for everything else: no
/// digits, spaces, a `+`, `0x`, a number that T does not hold, a sign where T has none. Floats take "inf" and "nan"
/// too.
template <class T> std::optional<T> parseNumber(std::string_view text)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

} // namespace quantscope
