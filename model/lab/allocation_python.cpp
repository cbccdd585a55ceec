#include "lab/allocation_python.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Imports = std::map<std::string, std::set<std::string>>; ///< module -> names

struct EnumKeyword {
    std::string_view keyword, type;
};
// The enumerations of brevitas.inject.enum behind the keywords, but for scaling_per_output_type: before 0.11 it has
// none, and a string does.
constexpr std::array kEnumKeywords = {
    EnumKeyword{"quant_type", "QuantType"},
    EnumKeyword{"bit_width_impl_type", "BitWidthImplType"},
    EnumKeyword{"restrict_scaling_type", "RestrictValueType"},
    EnumKeyword{"scaling_impl_type", "ScalingImplType"},
    EnumKeyword{"scaling_stats_op", "StatsOp"},
    EnumKeyword{"float_to_int_impl_type", "FloatToIntImplType"},
    EnumKeyword{"learned_round_impl_type", "LearnedRoundImplType"},
};

std::string cased(std::string text, int (*change)(int))
{
    std::transform(
        text.begin(), text.end(), text.begin(), [change](unsigned char c) { return static_cast<char>(change(c)); });
    return text;
}

bool isPythonName(const std::string &text)
{
    return !text.empty()
        && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

bool isNumber(const std::string &text)
{
    return parseNumber<double>(text) && text.find_first_not_of("0123456789+-.eE") == std::string::npos;
}

/// A Python string literal: nothing in it can end it.
std::string pythonString(const std::string &text)
{
    std::string out = "'";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\'' || c == '\\')
            out += std::string("\\") + c;
        else
            out += byte < 0x20 || byte >= 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return out + "'";
}

std::string pythonValue(const std::string &keyword, const std::string &value, Imports &imports)
{
    const std::string word = cased(value, std::tolower);
    if (word == "true" || word == "false")
        return word == "true" ? "True" : "False";
    for (const char *type : {"CeilSte", "RoundSte", "FloorSte"})
        if (keyword == "restrict_value_float_to_int_impl" && word == cased(type, std::tolower)) {
            imports["brevitas.core.function_wrapper"].insert(type);
            return type;
        }
    const auto row = std::find_if(
        kEnumKeywords.begin(), kEnumKeywords.end(), [&](const EnumKeyword &k) { return k.keyword == keyword; });
    if (row != kEnumKeywords.end() && isPythonName(value)) {
        imports["brevitas.inject.enum"].insert(std::string(row->type));
        return fmt::format("{}.{}", row->type, cased(value, std::toupper));
    }
    const bool list = value.starts_with('[') && value.find_first_not_of("[]0123456789-, ") == std::string::npos;
    return isNumber(value) || list ? value : pythonString(value);
}

/// Where the preset is imported from: some are not exported from brevitas.quant.
std::string moduleOf(const std::string &preset)
{
    for (const char *name : {"Int8WeightPerChannelFixedPoint", "Int4WeightPerTensorFixedPointDecoupled",
             "Int8ActPerTensorFixedPointMinMaxInit"})
        if (preset == name)
            return "brevitas.quant.fixed_point";
    return preset.starts_with("Fp8") ? "brevitas.quant.experimental.float" : "brevitas.quant";
}

} // namespace

std::string allocationPython(const std::vector<SweepPoint> &points, const Allocation &allocation)
{
    Imports imports;
    std::string calls;
    for (const std::size_t i : allocation.points) {
        const SlotSettings &settings = points[i].settings;
        const std::string layer = printable(points[i].layer), &preset = settings.preset;
        if (isLabQuantizer(preset)) {
            calls += fmt::format("# {}: {} is no preset of Brevitas\n", layer, printable(points[i].candidate));
            continue;
        }
        imports[moduleOf(preset)].insert(preset);
        calls += fmt::format("# {}{}\n{}_quant={}", layer, points[i].caveat.empty() ? "" : ": " + points[i].caveat,
            points[i].slot, preset);
        for (const auto &[keyword, value] : settings.overrides)
            calls += fmt::format(", {}_{}={}", points[i].slot, keyword, pythonValue(keyword, value, imports));
        calls += "\n";
    }
    std::string out;
    for (const auto &[module, names] : imports)
        out += fmt::format("from {} import {}\n", module, fmt::join(names, ", "));
    return out + (out.empty() ? "" : "\n") + calls;
}

} // namespace quantscope
