#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// C99 hexadecimal text of a float, exact and without trailing zeros ("0x1p-7"); "inf", "-inf", "nan".
std::string hexFloat(double value);
/// Shortest decimal that reads back as the same float.
std::string shortest(float value);
std::string shortest(double value);
/// 13710 -> "13,710".
std::string grouped(std::uint64_t value);
/// "16×1×3×3"; "scalar" for rank 0.
std::string shapeText(std::span<const std::int64_t> shape, std::string_view separator = "×");

/// Match as Python's fnmatch, where `*` matches any text (dots too), `?` one character and `[..]` one of a class; a
/// bracket also matches itself, so that a name with brackets is a pattern of its own. `[*]`, `[?]` and `[[]` are those
/// characters and nothing else.
bool globMatch(std::string_view pattern, std::string_view text);
bool hasWildcard(std::string_view pattern);
/// The pattern that matches `name` and nothing else.
std::string globEscape(std::string_view name);
/// What a pattern names when its brackets are taken for themselves.
std::string globName(std::string_view pattern);
/// The pattern is that name, without `*` and `?`.
bool globNames(std::string_view pattern, std::string_view name);

/// For 'did you mean': the candidate of the same letters in another case, else the shortest that begins with the word,
/// else that of the smallest edit distance; empty when there are none.
std::string nearestWord(std::string_view word, std::span<const std::string> candidates);
/// `; did you mean "NAME"?`, to be put behind an error. When more than half of the word would have to change, the
/// candidates if they are few, else the nearest all the same.
std::string didYouMean(std::string_view word, std::span<const std::string> candidates);

bool isUtf8(std::string_view text);
/// Text of a file made safe to show, in a terminal and in the window, on one line: control characters, newlines, marks
/// that turn the direction of text around, invisible characters and invalid UTF-8 become `\xNN`, byte for byte.
std::string printable(std::string_view text);

} // namespace quantscope
