#include "export/layout.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::array<std::string_view, 4> kLayoutNames = {"source", "hwio", "ohwi", "io"};
constexpr std::size_t kLargestNamedRank = 5;

/// Where the roles lie in source order: Conv and Linear are [out][in][spatial...], transposed convolutions
/// [in][out][...], those with channels last [out][spatial...][in].
struct Roles {
    std::size_t out = 0;
    std::size_t in = 1;
    std::vector<std::size_t> spatial;
};

Roles rolesOf(std::size_t rank, int outChannelAxis, bool channelsLast)
{
    Roles roles;
    if (rank >= 2 && outChannelAxis == 1)
        roles = {1, 0, {}};
    else if (rank >= 3 && channelsLast)
        roles = {0, rank - 1, {}};
    for (std::size_t axis = 0; axis < rank; ++axis)
        if (axis != roles.out && axis != roles.in)
            roles.spatial.push_back(axis);
    return roles;
}

std::vector<std::string> sourceAxisNames(std::size_t rank, const Roles &roles)
{
    std::vector<std::string> names(rank);
    if (rank > kLargestNamedRank) {
        for (std::size_t axis = 0; axis < rank; ++axis)
            names[axis] = fmt::format("a{}", axis);
        return names;
    }
    if (rank > roles.out)
        names[roles.out] = "o";
    if (rank > roles.in)
        names[roles.in] = "i";
    constexpr std::string_view kSpatial = "dhw"; // the last spatial axis is always w, the one before it h
    for (std::size_t k = 0; k < roles.spatial.size(); ++k)
        names[roles.spatial[k]] = kSpatial[kSpatial.size() - roles.spatial.size() + k];
    return names;
}

bool fits(std::string_view name, std::size_t rank)
{
    if (name == "io")
        return rank == 2;
    if (name == "hwio" || name == "ohwi")
        return rank >= 3 && rank <= kLargestNamedRank;
    return true;
}

std::vector<std::size_t> exportedAxes(std::string_view name, std::size_t rank, const Roles &roles)
{
    std::vector<std::size_t> axes(rank);
    std::iota(axes.begin(), axes.end(), std::size_t{0});
    if (name == "io" || name == "hwio") {
        std::ranges::copy(roles.spatial, axes.begin());
        axes[rank - 2] = roles.in;
        axes[rank - 1] = roles.out;
    } else if (name == "ohwi") {
        std::ranges::copy(roles.spatial, axes.begin() + 1);
        axes[0] = roles.out;
        axes[rank - 1] = roles.in;
    }
    return axes;
}

/// Row-major index by Horner's rule: "((o*3+h)*3+w)*1+i".
std::string indexFormula(std::span<const std::string> names, std::span<const std::int64_t> dims)
{
    if (names.empty())
        return "0";
    std::string formula = names[0];
    for (std::size_t k = 1; k < names.size(); ++k)
        formula = fmt::format("{}*{}+{}", k > 1 ? "(" + formula + ")" : formula, dims[k], names[k]);
    return formula;
}

Layout ordered(std::string_view name, const Roles &roles, const std::vector<std::string> &sourceNames,
    std::span<const std::int64_t> shape)
{
    Layout layout;
    layout.name = name;
    layout.axes = exportedAxes(layout.name, shape.size(), roles);
    std::vector<std::string> names;
    for (const std::size_t axis : layout.axes) {
        layout.dims.push_back(shape[axis]);
        names.push_back(sourceNames[axis]);
        layout.axisNames += "[" + sourceNames[axis] + "]";
    }
    layout.index = indexFormula(names, layout.dims);
    return layout;
}

} // namespace

std::span<const std::string_view> layoutNames() { return kLayoutNames; }

std::uint64_t Layout::sourceIndex(std::uint64_t flat, std::span<const std::int64_t> sourceShape) const
{
    const std::vector<std::int64_t> strides = contiguousStrides(sourceShape);
    std::uint64_t source = 0;
    for (std::size_t k = dims.size(); k-- > 0;) {
        const auto extent = static_cast<std::uint64_t>(dims[k]);
        if (extent == 0)
            return 0;
        source += flat % extent * static_cast<std::uint64_t>(strides[axes[k]]);
        flat /= extent;
    }
    return source;
}

std::uint64_t Layout::exportedIndex(std::uint64_t source, std::span<const std::int64_t> sourceShape) const
{
    std::vector<std::uint64_t> place(sourceShape.size(), 0);
    for (std::size_t axis = sourceShape.size(); axis-- > 0;) {
        const auto extent = static_cast<std::uint64_t>(sourceShape[axis]);
        if (extent == 0)
            return 0;
        place[axis] = source % extent;
        source /= extent;
    }
    std::uint64_t flat = 0;
    for (std::size_t k = 0; k < dims.size(); ++k)
        flat = flat * static_cast<std::uint64_t>(dims[k]) + place[axes[k]];
    return flat;
}

std::optional<Layout> makeLayout(
    std::string_view name, std::span<const std::int64_t> shape, int outChannelAxis, bool *fellBack, bool channelsLast)
{
    if (std::find(kLayoutNames.begin(), kLayoutNames.end(), name) == kLayoutNames.end())
        return std::nullopt;
    const bool fitting = fits(name, shape.size());
    if (fellBack)
        *fellBack = !fitting;
    const Roles roles = rolesOf(shape.size(), outChannelAxis, channelsLast);
    return ordered(fitting ? name : kLayoutNames[0], roles, sourceAxisNames(shape.size(), roles), shape);
}

Layout layoutOfLetters(std::string_view name, std::span<const std::string> letters, std::span<const std::int64_t> shape)
{
    constexpr std::array<std::string_view, 4> kKernel = {"d", "h", "w", "k"}; // in the order of a convolution
    const auto at = [&](std::string_view letter) {
        return static_cast<std::size_t>(std::ranges::find(letters, letter) - letters.begin());
    };
    Roles roles{at("o"), at("i"), {}};
    for (const std::string_view letter : kKernel)
        if (at(letter) < letters.size())
            roles.spatial.push_back(at(letter));
    const bool known = roles.out < letters.size() && roles.in < letters.size()
        && roles.spatial.size() + 2 == letters.size() && fits(name, letters.size());
    return ordered(known ? name : kLayoutNames[0], roles, {letters.begin(), letters.end()}, shape);
}

Layout sourceLayout(std::span<const std::string> letters, std::span<const std::int64_t> shape)
{
    Layout layout;
    layout.name = kLayoutNames[0];
    layout.axes.resize(shape.size());
    std::iota(layout.axes.begin(), layout.axes.end(), std::size_t{0});
    layout.dims.assign(shape.begin(), shape.end());
    for (const std::string &letter : letters)
        layout.axisNames += "[" + letter + "]";
    layout.index = indexFormula(letters, layout.dims);
    return layout;
}

} // namespace quantscope
