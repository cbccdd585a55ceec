#include "dialects/torch/reparametrization.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace quantscope {

namespace {

using Rule = Reparametrization::Rule;

constexpr std::string_view kParametrizations = "parametrizations.";

std::string_view leafOf(std::string_view name) { return name.substr(name.rfind('.') + 1); }

/// The name without its ending where it has that and the rest is a parameter's; else empty.
std::string baseName(std::string_view name, std::string_view ending)
{
    if (!name.ends_with(ending))
        return {};
    name.remove_suffix(ending.size());
    return isParameterName(leafOf(name)) ? std::string(name) : std::string();
}

std::uint64_t countOf(const ModelFile &file, std::size_t index) { return file.tensors[index].count(); }

/// One value for the whole tensor, or one for each slice of one axis.
bool fitsAsNorm(const Shape &norm, const Shape &shape)
{
    if (std::ranges::all_of(norm, [](std::int64_t n) { return n == 1; }))
        return norm.empty() || norm.size() == shape.size();
    if (norm.size() != shape.size() || std::ranges::count_if(norm, [](std::int64_t n) { return n != 1; }) != 1)
        return false;
    return std::ranges::equal(norm, shape, [](std::int64_t n, std::int64_t axis) { return n == 1 || n == axis; });
}

/// Of a matrix of rows along some axis: a left vector of its rows, a right one of its columns.
bool fitsAsSingular(const ModelFile &file, std::size_t weight, std::size_t left, std::size_t right)
{
    const std::uint64_t rows = countOf(file, left), columns = countOf(file, right);
    const Shape &shape = file.tensors[weight].shape;
    return shape.size() >= 2 && rows > 0 && countOf(file, weight) % rows == 0 && columns == countOf(file, weight) / rows
        && std::ranges::find(shape, static_cast<std::int64_t>(rows)) != shape.end();
}

/// The old functions of torch.nn.utils: P_orig with P_mask, or with P_u and P_v; P_v with P_g.
class Suffixes {
public:
    explicit Suffixes(const ModelFile &file)
        : m_file(file)
    {
    }
    std::optional<Reparametrization> of(std::size_t index) const
    {
        const std::string &name = m_file.tensors[index].name;
        if (const std::string base = baseName(name, "_orig"); !base.empty() && !m_file.find(base))
            return ofOriginal(index, base);
        const std::string base = baseName(name, "_v");
        const auto norm = base.empty() ? std::nullopt : m_file.find(base + "_g");
        if (norm && !m_file.find(base) && fitsAsNorm(shape(*norm), shape(index)))
            return Reparametrization{Rule::WeightNorm, base, {index, *norm}};
        return std::nullopt;
    }

private:
    const Shape &shape(std::size_t index) const { return m_file.tensors[index].shape; }
    Reparametrization ofOriginal(std::size_t index, const std::string &base) const
    {
        if (const auto mask = m_file.find(base + "_mask"); mask && shape(*mask) == shape(index))
            return {Rule::Masked, base, {index, *mask}};
        const auto left = m_file.find(base + "_u"), right = m_file.find(base + "_v");
        if (left && right && fitsAsSingular(m_file, index, *left, *right))
            return {Rule::SpectralNorm, base, {index, *left, *right}};
        return {left ? Rule::Unknown : Rule::Unmasked, base, {index}};
    }

    const ModelFile &m_file;
};

/// Every tensor below LAYER.parametrizations.P, by what stands behind it ("original", "0._u").
using Parts = std::map<std::string, std::size_t, std::less<>>;

/// LAYER.P -> its parts.
std::map<std::string, Parts> parametrized(const ModelFile &file)
{
    std::map<std::string, Parts> out;
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
        const std::string_view name = file.tensors[i].name;
        const auto at = name.rfind(kParametrizations);
        if (at == std::string_view::npos || (at > 0 && name[at - 1] != '.'))
            continue;
        const std::string_view behind = name.substr(at + kParametrizations.size());
        const auto dot = behind.find('.');
        if (dot != std::string_view::npos && isParameterName(behind.substr(0, dot)))
            out[std::string(name.substr(0, at)) + std::string(behind.substr(0, dot))].emplace(
                behind.substr(dot + 1), i);
    }
    return out;
}

std::optional<Reparametrization> ofParts(const ModelFile &file, const std::string &name, const Parts &parts)
{
    const auto find = [&](std::string_view part) {
        const auto found = parts.find(part);
        return found == parts.end() ? std::nullopt : std::optional(found->second);
    };
    const auto original = find("original"), norm = find("original0"), direction = find("original1");
    if (norm && direction && parts.size() == 2 && fitsAsNorm(file.tensors[*norm].shape, file.tensors[*direction].shape))
        return Reparametrization{Rule::WeightNorm, name, {*direction, *norm}};
    const auto left = find("0._u"), right = find("0._v");
    if (original && left && right && parts.size() == 3 && fitsAsSingular(file, *original, *left, *right))
        return Reparametrization{Rule::SpectralNorm, name, {*original, *left, *right}};
    if (original || norm || direction)
        return Reparametrization{Rule::Unknown, name, {original ? *original : direction ? *direction : *norm}};
    return std::nullopt;
}

bool startsWithAny(std::string_view text, std::initializer_list<std::string_view> beginnings)
{
    return std::ranges::any_of(beginnings, [&](std::string_view b) { return text.starts_with(b); });
}

} // namespace

bool isParameterName(std::string_view leaf)
{
    static constexpr std::array<std::string_view, 9> kNames{"weight", "bias", "in_proj_weight", "in_proj_bias",
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k", "bias_v"};
    if (std::ranges::find(kNames, leaf) != kNames.end())
        return true;
    // Of recurrent layers and cells: weight_ih, bias_hh_l0, weight_hr_l1_reverse.
    if (leaf.ends_with("_reverse"))
        leaf.remove_suffix(std::string_view("_reverse").size());
    const auto last = leaf.find_last_not_of("0123456789");
    if (last != std::string_view::npos && last + 1 < leaf.size() && leaf.substr(0, last + 1).ends_with("_l"))
        leaf = leaf.substr(0, last - 1);
    return startsWithAny(leaf, {"weight_", "bias_"})
        && (leaf.ends_with("_ih") || leaf.ends_with("_hh") || leaf.ends_with("_hr"))
        && leaf.substr(leaf.find('_')).size() == 3;
}

std::map<std::size_t, Reparametrization> reparametrizations(const ModelFile &file)
{
    std::map<std::size_t, Reparametrization> out;
    const Suffixes suffixes(file);
    for (std::size_t i = 0; i < file.tensors.size(); ++i)
        if (auto found = suffixes.of(i))
            out.emplace(i, std::move(*found));
    for (const auto &[name, parts] : parametrized(file))
        if (auto found = file.find(name) ? std::nullopt : ofParts(file, name, parts))
            out.emplace(found->tensors.front(), std::move(*found));
    return out;
}

} // namespace quantscope
