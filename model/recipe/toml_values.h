#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace quantscope {

/// What is wrong with a recipe, and where it stands.
struct RecipeError {
    std::string message;
    toml::source_position where;
};
[[noreturn]] void fail(const toml::node &node, const std::string &message);

/// The value of a key. All throw RecipeError, which names the key, for what is none.
std::string textOf(const toml::node &node, std::string_view key);
std::string nonEmptyTextOf(const toml::node &node, std::string_view key);
double numberOf(const toml::node &node, std::string_view key);
int wholeNumberOf(const toml::node &node, std::string_view key, int low, int high);
bool booleanOf(const toml::node &node, std::string_view key);
/// A list of hexadecimal strings as Python's float.hex() writes them; "inf" and "nan" are numbers too.
std::vector<double> hexNumbersOf(const toml::node &node, std::string_view key);
/// A list of texts, none of them empty.
std::vector<std::string> textsOf(const toml::node &node, std::string_view key);
/// 64 hexadecimal digits, in lower case.
std::string sha256Of(const toml::node &node, std::string_view key);
/// A keyword's value as text: lists become "[1, 2]".
std::string keywordTextOf(const toml::node &node, std::string_view key);

} // namespace quantscope
