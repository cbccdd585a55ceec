#include "quant/grid.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// As bits, so that a value that is no number equals itself; both zeros are one.
bool sameNumber(float a, float b)
{
    return a == b || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

bool allEqual(const std::vector<float> &values)
{
    return std::ranges::all_of(values, [&](float value) { return sameNumber(value, values.front()); });
}

bool differs(const std::optional<Granular> &a, const std::optional<Granular> &b)
{
    if (!a || !b || a->values.empty() || b->values.empty())
        return false;
    if (allEqual(a->values) && allEqual(b->values))
        return !sameNumber(a->values.front(), b->values.front());
    return !std::ranges::equal(a->values, b->values, sameNumber);
}

template <class T> bool differs(const std::optional<T> &a, const std::optional<T> &b) { return a && b && *a != *b; }

bool differsInKind(const Quantizer &a, const Quantizer &b)
{
    const bool formats = a.minifloat.exponentBits != 0 && b.minifloat.exponentBits != 0;
    return a.kind != b.kind || (a.kind == QuantizerKind::Minifloat && formats && !(a.minifloat == b.minifloat));
}

/// What the codes need, else what they are stored in, where both tell the same of themselves.
bool differsInBits(const Quantizer &a, const Quantizer &b)
{
    return differs(a.bitWidth, b.bitWidth) || (!a.bitWidth && !b.bitWidth && differs(a.storageBits, b.storageBits));
}

std::string numbersText(const std::optional<Granular> &numbers, std::string_view noun)
{
    if (!numbers || numbers->values.empty())
        return {};
    const std::vector<float> &values = numbers->values;
    if (allEqual(values))
        return powerText(values.front());
    const auto [low, high] = std::ranges::minmax_element(values);
    return fmt::format("{} {} from {} to {}", values.size(), noun, powerText(*low), powerText(*high));
}

} // namespace

std::string_view gridFieldName(GridField field)
{
    static constexpr std::array<std::string_view, 5> kNames = {"kind", "scale", "zero point", "bits", "sign"};
    return kNames[static_cast<std::size_t>(field)];
}

std::vector<GridField> gridDifferences(const Quantizer &a, const Quantizer &b)
{
    std::vector<GridField> out;
    const std::array<bool, 5> differ = {differsInKind(a, b), differs(a.scale, b.scale),
        differs(a.zeroPoint, b.zeroPoint), differsInBits(a, b), differs(a.isSigned, b.isSigned)};
    for (std::size_t field = 0; field < differ.size(); ++field)
        if (differ[field])
            out.push_back(static_cast<GridField>(field));
    return out;
}

std::string gridTypeText(const Quantizer &quantizer)
{
    if (quantizer.kind != QuantizerKind::Affine && quantizer.kind != QuantizerKind::Minifloat)
        return std::string(quantizerKindName(quantizer.kind));
    const std::optional<int> bits = quantizer.bitWidth ? quantizer.bitWidth : quantizer.storageBits;
    if (!bits)
        return {};
    if (quantizer.kind == QuantizerKind::Minifloat)
        return quantizer.minifloat.exponentBits == 0
            ? fmt::format("float{}", *bits)
            : fmt::format("float{} e{}m{}", *bits, quantizer.minifloat.exponentBits, quantizer.minifloat.mantissaBits);
    const std::string_view unsure = quantizer.bitWidth ? "" : "?";
    if (!quantizer.isSigned)
        return fmt::format("{}{} bits", *bits, unsure);
    return fmt::format("{}{}{}", *quantizer.isSigned ? "i" : "u", *bits, unsure);
}

std::string gridScaleText(const Quantizer &quantizer) { return numbersText(quantizer.scale, "scales"); }

std::string gridZeroText(const Quantizer &quantizer)
{
    const auto &zero = quantizer.zeroPoint;
    if (!zero || zero->values.empty())
        return {};
    const std::vector<float> &values = zero->values;
    if (allEqual(values))
        return fmt::format("{}", values.front() + 0.0f); // no "-0"
    const auto [low, high] = std::ranges::minmax_element(values);
    return fmt::format("{} values from {} to {}", values.size(), *low, *high);
}

std::string gridWords(const Quantizer &quantizer)
{
    std::vector<std::string> parts;
    if (const std::string type = gridTypeText(quantizer); !type.empty())
        parts.push_back(type);
    if (const std::string scale = gridScaleText(quantizer); !scale.empty())
        parts.push_back((scale.find(' ') == scale.npos ? "scale " : "") + scale);
    if (const std::string zero = gridZeroText(quantizer); !zero.empty())
        parts.push_back("zero point " + zero);
    return fmt::format("{}", fmt::join(parts, ", "));
}

bool holdsZero(const Quantizer &quantizer)
{
    if (quantizer.kind == QuantizerKind::Minifloat || quantizer.kind == QuantizerKind::Ternary)
        return true;
    if (quantizer.kind == QuantizerKind::Binary || !quantizer.isComplete())
        return false;
    const CodeRange range = codeRange(quantizer);
    return std::ranges::all_of(quantizer.zeroPoint->values, [&](float zero) {
        return zero == std::nearbyint(zero) && zero >= static_cast<float>(range.min)
            && zero <= static_cast<float>(range.max);
    });
}

} // namespace quantscope
