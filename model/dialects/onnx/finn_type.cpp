#include "dialects/onnx/finn_type.h"

#include "base/parse_number.h"
#include "base/text.h"

#include <algorithm>
#include <vector>

namespace quantscope::interpret {

namespace {

constexpr int kMostTypeBits = 62; ///< codes are int64 with room for one more
constexpr int kMostFractionBits = 126; ///< 2^-126 is the smallest normal float

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t";
    const std::size_t begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// The numbers of "PREFIX<1, 2>"; nullopt where it is not written so.
std::optional<std::vector<int>> argumentsOf(std::string_view name, std::string_view prefix)
{
    if (!name.starts_with(prefix) || !name.ends_with('>') || name.size() <= prefix.size())
        return std::nullopt;
    name = name.substr(prefix.size(), name.size() - prefix.size() - 1);
    std::vector<int> numbers;
    for (;;) {
        const std::size_t comma = std::min(name.find(','), name.size());
        const auto number = parseNumber<int>(trimmed(name.substr(0, comma)));
        if (!number)
            return std::nullopt;
        numbers.push_back(*number);
        if (comma == name.size())
            return numbers;
        name.remove_prefix(comma + 1);
    }
}

std::optional<FinnType> integer(std::string_view digits, bool isSigned)
{
    const auto bits = parseNumber<int>(digits);
    if (!bits || *bits < 1 || *bits > kMostTypeBits)
        return std::nullopt;
    return FinnType{FinnType::Kind::Integer, *bits, isSigned};
}

std::optional<FinnType> fixed(const std::vector<int> &numbers)
{
    if (numbers.size() != 2 || numbers[0] < 1 || numbers[0] > kMostTypeBits || numbers[1] >= numbers[0]
        || numbers[1] < numbers[0] - kMostFractionBits)
        return std::nullopt;
    return FinnType{FinnType::Kind::Fixed, numbers[0], true, numbers[0] - numbers[1]};
}

std::optional<FinnType> minifloat(const std::vector<int> &numbers)
{
    if (numbers.size() != 2 && numbers.size() != 3)
        return std::nullopt;
    MinifloatFormat format{numbers[0], numbers[1]};
    if (numbers.size() == 3 && numbers[2] != 0) // 0 is the default there
        format.statedBias = numbers[2];
    if (!isDecodedMinifloat(format))
        return std::nullopt;
    return FinnType{FinnType::Kind::Minifloat, 1 + format.exponentBits + format.mantissaBits, true, 0, format};
}

} // namespace

CodeRange FinnType::range() const
{
    if (kind == Kind::Bipolar || kind == Kind::Ternary)
        return {-1, 1};
    return codeRange(bits, isSigned, false);
}

std::optional<FinnType> finnTypeFromName(std::string_view name)
{
    if (name == "FLOAT32" || name == "FLOAT16")
        return FinnType{FinnType::Kind::Float, name == "FLOAT32" ? 32 : 16};
    if (name == "BIPOLAR")
        return FinnType{FinnType::Kind::Bipolar, 1};
    if (name == "TERNARY")
        return FinnType{FinnType::Kind::Ternary, 2};
    if (name == "BINARY")
        return FinnType{FinnType::Kind::Integer, 1, false};
    if (const auto numbers = argumentsOf(name, "FIXED<"))
        return fixed(*numbers);
    if (const auto numbers = argumentsOf(name, "FLOAT<"))
        return minifloat(*numbers);
    if (const auto numbers = argumentsOf(name, "SCALEDINT<"))
        return numbers->size() == 1 && (*numbers)[0] >= 1 && (*numbers)[0] <= kMostTypeBits
            ? std::optional(FinnType{FinnType::Kind::ScaledInteger, (*numbers)[0]})
            : std::nullopt;
    if (name.starts_with("UINT"))
        return integer(name.substr(4), false);
    return name.starts_with("INT") ? integer(name.substr(3), true) : std::nullopt;
}

} // namespace quantscope::interpret
