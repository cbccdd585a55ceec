#include "recipe/toml_values.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The double that the text says: "0x1.8p-3", "-0x0.0p+0", "inf", "-inf", "nan". nullopt for what is none or beyond
/// doubles.
std::optional<double> hexNumber(std::string_view text)
{
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    double magnitude = 0;
    if (text == "inf") {
        magnitude = std::numeric_limits<double>::infinity();
    } else if (text == "nan") {
        magnitude = std::numeric_limits<double>::quiet_NaN();
    } else {
        if (!text.starts_with("0x") && !text.starts_with("0X"))
            return std::nullopt;
        text.remove_prefix(2);
        if (text.starts_with('-') || text.starts_with('i') || text.starts_with('n')) // from_chars takes these itself
            return std::nullopt;
        const auto [end, error]
            = std::from_chars(text.data(), text.data() + text.size(), magnitude, std::chars_format::hex);
        if (error != std::errc() || end != text.data() + text.size())
            return std::nullopt;
    }
    return negative ? -magnitude : magnitude;
}

} // namespace

void fail(const toml::node &node, const std::string &message) { throw RecipeError{message, node.source().begin}; }

std::string textOf(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value_exact<std::string>())
        return *value;
    fail(node, fmt::format("{} must be a text in quotes", key));
}

std::string nonEmptyTextOf(const toml::node &node, std::string_view key)
{
    std::string text = textOf(node, key);
    if (text.empty())
        fail(node, fmt::format("{} is empty", key));
    return text;
}

double numberOf(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value<double>())
        return *value;
    fail(node, fmt::format("{} must be a number", key));
}

int wholeNumberOf(const toml::node &node, std::string_view key, int low, int high)
{
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high)
        fail(node, fmt::format("{} must be a whole number from {} to {}", key, low, high));
    return static_cast<int>(*value);
}

bool booleanOf(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value_exact<bool>())
        return *value;
    fail(node, fmt::format("{} must be true or false", key));
}

std::vector<double> hexNumbersOf(const toml::node &node, std::string_view key)
{
    const auto *list = node.as_array();
    if (list == nullptr || list->empty())
        fail(node, fmt::format("{} must be a list of hexadecimal strings such as [\"0x1p-7\"]", key));
    std::vector<double> out;
    out.reserve(list->size());
    for (const toml::node &item : *list) {
        const std::string text = textOf(item, fmt::format("{}[{}]", key, out.size()));
        const auto value = hexNumber(text);
        if (!value)
            fail(item,
                fmt::format("{}[{}] = \"{}\" is not a hexadecimal number such as \"0x1p-7\"", key, out.size(), text));
        out.push_back(*value);
    }
    return out;
}

std::vector<std::string> textsOf(const toml::node &node, std::string_view key)
{
    const auto *list = node.as_array();
    if (list == nullptr)
        fail(node, fmt::format("{} must be a list of texts", key));
    std::vector<std::string> out;
    for (const toml::node &item : *list)
        out.push_back(nonEmptyTextOf(item, fmt::format("{}[{}]", key, out.size())));
    return out;
}

std::string sha256Of(const toml::node &node, std::string_view key)
{
    std::string text = textOf(node, key);
    std::transform(text.begin(), text.end(), text.begin(),
        [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        fail(node, fmt::format("{} must be the 64 hexadecimal digits of a SHA-256", key));
    return text;
}

std::string keywordTextOf(const toml::node &node, std::string_view key)
{
    if (const auto *list = node.as_array()) {
        std::string out = "[";
        for (const toml::node &item : *list)
            out += (out.size() > 1 ? ", " : "") + keywordTextOf(item, key);
        return out + "]";
    }
    if (const auto value = node.value_exact<std::string>())
        return *value;
    if (const auto value = node.value_exact<bool>())
        return *value ? "true" : "false";
    if (const auto value = node.value_exact<std::int64_t>())
        return std::to_string(*value);
    if (const auto value = node.value_exact<double>())
        return shortest(*value);
    fail(node, fmt::format("{} has a value of a kind that no keyword takes", key));
}

} // namespace quantscope
