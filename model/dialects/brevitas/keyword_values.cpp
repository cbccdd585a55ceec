#include "dialects/brevitas/keyword_values.h"

#include "base/parse_number.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string lower(std::string text)
{
    std::transform(
        text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

} // namespace

std::string enumWord(std::string_view text)
{
    if (text.starts_with('<'))
        text.remove_prefix(1);
    text = text.substr(0, text.find_first_of(":>"));
    const auto dot = text.rfind('.');
    return lower(std::string(dot == std::string_view::npos ? text : text.substr(dot + 1)));
}

int wholeNumberOf(const std::string &keyword, const std::string &text, int low, int high)
{
    const double value = numberOf(keyword, text);
    if (value != std::floor(value) || value < low || value > high)
        throw SpecError{fmt::format("{} = {} is not a whole number from {} to {}", keyword, text, low, high)};
    return static_cast<int>(value);
}

bool flagOf(const std::string &keyword, const std::string &text)
{
    const std::string word = lower(text);
    if (word != "true" && word != "false")
        throw SpecError{fmt::format("{} = {} is neither true nor false", keyword, text)};
    return word == "true";
}

double percentageOf(const std::string &keyword, const std::string &text)
{
    const double value = numberOf(keyword, text);
    if (value < 0 || value > 100)
        throw SpecError{fmt::format("{} = {} is not between 0 and 100", keyword, text)};
    return value;
}

double numberOf(const std::string &keyword, const std::string &text)
{
    const auto value = parseNumber<double>(text);
    if (!value)
        throw SpecError{fmt::format("{} = {} is not a number", keyword, text)};
    if (!std::isfinite(*value))
        throw SpecError{fmt::format("{} = {} is not finite", keyword, text)};
    return *value;
}

float floatOf(const std::string &keyword, const std::string &text)
{
    const double value = numberOf(keyword, text);
    if (std::fabs(value) > static_cast<double>(std::numeric_limits<float>::max()))
        throw SpecError{fmt::format("{} = {} is beyond the numbers of float32", keyword, text)};
    return static_cast<float>(value);
}

} // namespace quantscope
