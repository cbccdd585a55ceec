#include "lab/allocation_python.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dialects/brevitas/lab_quantizers.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

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

/// Shown as it is in a string literal: no control, nothing that turns the direction of text or has no width.
bool isPlain(char32_t code)
{
    return code >= 0xA0 && code != 0xAD && (code < 0x200B || code > 0x206F) && code != 0xFEFF;
}

/// A Python string literal: nothing in it can end it. Bytes that are no UTF-8 are written as Python reads such names
/// ('surrogateescape').
std::string pythonString(std::string_view text)
{
    std::string out = "'";
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        const std::size_t length = std::max<std::size_t>(1, utf8Length(text));
        if (text.front() == '\'' || text.front() == '\\')
            out += std::string("\\") + text.front();
        else if (byte >= 0x20 && byte < 0x7F)
            out += text.front();
        else if (byte < 0x80)
            out += fmt::format("\\x{:02x}", byte);
        else if (utf8Length(text) == 0)
            out += fmt::format("\\udc{:02x}", byte);
        else if (const char32_t code = codePoint(text.substr(0, length)); isPlain(code))
            out += text.substr(0, length);
        else
            out += fmt::format("\\U{:08x}", static_cast<std::uint32_t>(code));
        text.remove_prefix(length);
    }
    return out + "'";
}

/// "[1, -2]": a list of whole numbers; nullopt for anything else.
std::optional<std::string> pythonList(std::string_view text)
{
    if (text.size() < 2 || text.front() != '[' || text.back() != ']')
        return std::nullopt;
    std::vector<std::int64_t> numbers;
    std::string item;
    for (const char c : text.substr(1)) { // what ends the list ends its last item
        if (c != ',' && c != ']') {
            item += c == ' ' ? "" : std::string(1, c);
            continue;
        }
        const auto number = parseNumber<std::int64_t>(item);
        if (!number)
            return std::nullopt;
        numbers.push_back(*number);
        item.clear();
    }
    return fmt::format("[{}]", fmt::join(numbers, ", "));
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
    return isNumber(value) ? value : pythonList(value).value_or(pythonString(value));
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
    std::vector<std::pair<std::string, std::string>> layers; ///< literal of the name, keyword arguments
    std::string remarks;
    std::vector<std::size_t> presets;
    for (const std::size_t i : allocation.points) {
        const SlotSettings &settings = points[i].settings;
        const std::string &preset = settings.preset;
        if (isLabQuantizer(preset)) {
            remarks += fmt::format(
                "# {}: {} is no preset of Brevitas\n", printable(points[i].layer), printable(points[i].candidate));
            continue;
        }
        presets.push_back(i);
        imports[moduleOf(preset)].insert(preset);
        std::string keywords = fmt::format("{}_quant={}", points[i].slot, preset);
        for (const auto &[keyword, value] : settings.overrides)
            keywords += fmt::format(", {}_{}={}", points[i].slot, keyword, pythonValue(keyword, value, imports));
        const std::string name = pythonString(points[i].layer);
        const auto same = std::ranges::find(layers, name, &std::pair<std::string, std::string>::first);
        if (same == layers.end())
            layers.emplace_back(name, std::move(keywords));
        else
            same->second += ", " + keywords;
    }
    remarks += caveatComments(points, presets);
    std::string out;
    for (const auto &[module, names] : imports)
        out += fmt::format("from {} import {}\n", module, fmt::join(names, ", "));
    out += (out.empty() ? "" : "\n") + remarks;
    if (layers.empty())
        return out;
    out += fmt::format("# QuantConv2d(..., **quantizers[{}])\nquantizers = {{\n", layers.front().first);
    for (const auto &[name, keywords] : layers)
        out += fmt::format("    {}: dict({}),\n", name, keywords);
    return out + "}\n";
}

} // namespace quantscope
