#include "diff/field_changes.h"

#include "base/text.h"
#include "quant/fixed_point.h"
#include "quant/grid.h"
#include "quant/known_rounding.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// As bits, so that NaN equals itself; both zeros are one.
bool equalNumbers(float a, float b)
{
    return a == b || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

std::string textOf(int value) { return std::to_string(value); }
std::string textOf(bool value) { return value ? "true" : "false"; }
std::string textOf(Rounding value) { return std::string(roundingName(value)); }
std::string textOf(QuantizerKind value) { return std::string(quantizerKindName(value)); }

std::string numberText(float value, bool isScale)
{
    return isScale ? powerText(value) : fmt::format("{}", value + 0.0f); // no "-0"
}

/// One number where all are equal.
std::vector<float> distinct(const Granular &numbers)
{
    const auto &values = numbers.values;
    const bool equal = std::ranges::all_of(values, [&](float value) { return equalNumbers(value, values.front()); });
    return equal && !values.empty() ? std::vector{values.front()} : values;
}

class FieldComparison {
public:
    template <class T> void compare(const char *name, const std::optional<T> &a, const std::optional<T> &b)
    {
        if (a && b && *a != *b)
            change(name, textOf(*a), textOf(*b));
        else if (a.has_value() != b.has_value())
            out.unknown.emplace_back(name);
    }

    void compareNumbers(
        const std::string &name, const std::optional<Granular> &a, const std::optional<Granular> &b, bool isScale)
    {
        const bool known = a && b && !a->values.empty() && !b->values.empty();
        if (!known) {
            if (a.has_value() || b.has_value())
                out.unknown.push_back(name);
            return;
        }
        const std::vector<float> first = distinct(*a), second = distinct(*b);
        if (first.size() != second.size())
            return change(name, manyText(first, isScale), manyText(second, isScale));
        std::size_t differ = 0, where = 0;
        for (std::size_t i = first.size(); i-- > 0;)
            if (!equalNumbers(first[i], second[i])) {
                ++differ;
                where = i;
            }
        if (differ > 0 && first.size() == 1)
            change(name, numberText(first[0], isScale), numberText(second[0], isScale));
        else if (differ > 0)
            change(fmt::format("{}: {} of {} differ, first [{}]", name, differ, first.size(), where),
                numberText(first[where], isScale), numberText(second[where], isScale));
        else if (first.size() > 1 && a->axis && b->axis && *a->axis != *b->axis)
            change(name + " axis", textOf(*a->axis), textOf(*b->axis));
    }

    void change(const std::string &name, const std::string &from, const std::string &to)
    {
        out.changed.push_back(fmt::format("{}: {} -> {}", name, from, to));
    }

    FieldChanges out;

private:
    static std::string manyText(const std::vector<float> &values, bool isScale)
    {
        return values.size() == 1 ? numberText(values[0], isScale) : fmt::format("{} values", values.size());
    }
};

} // namespace

FieldChanges fieldChanges(const Quantizer &a, const Quantizer &b)
{
    FieldComparison fields;
    fields.compare("kind", std::optional(a.kind), std::optional(b.kind));
    if (a.kind == b.kind && a.kind == QuantizerKind::Minifloat && !(a.minifloat == b.minifloat))
        fields.change("format", gridTypeText(a), gridTypeText(b));
    if (a.rule == b.rule && a.rule == CodeRule::TernaryThreshold && a.ternaryThreshold != b.ternaryThreshold)
        fields.change("threshold", shortest(a.ternaryThreshold), shortest(b.ternaryThreshold));
    if (a.bitWidth || b.bitWidth)
        fields.compare("bit_width", a.bitWidth, b.bitWidth);
    else
        fields.compare("storage_bits", a.storageBits, b.storageBits);
    fields.compare("signed", a.isSigned, b.isSigned);
    fields.compare("narrow", a.narrow, b.narrow);
    fields.compare("rounding", knownRounding(a), knownRounding(b));
    fields.compareNumbers("scale", a.scale, b.scale, true);
    fields.compareNumbers("zero_point", a.zeroPoint, b.zeroPoint, false);
    if (a.blockSize != b.blockSize)
        fields.change(
            "block_size", a.blockSize ? textOf(*a.blockSize) : "none", b.blockSize ? textOf(*b.blockSize) : "none");
    return std::move(fields.out);
}

} // namespace quantscope
