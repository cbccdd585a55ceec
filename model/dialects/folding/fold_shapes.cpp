#include "dialects/folding/fold_shapes.h"

#include "dialects/folding/fold_values.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace quantscope::folding {

Shape reshapedTo(const Shape &shape, const std::vector<std::int64_t> &wanted, bool allowZero, const Limits &limits)
{
    if (wanted.size() > limits.rank)
        throw ParseError(fmt::format("Reshape to {} axes", wanted.size()));
    Shape out(wanted);
    std::optional<std::size_t> inferred;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] == 0 && !allowZero && i < shape.size())
            out[i] = shape[i];
        if (out[i] != -1)
            continue;
        if (inferred)
            throw ParseError("Reshape has two unknown dimensions");
        inferred = i;
        out[i] = 1;
    }
    const std::uint64_t known = elementCount(out, limits);
    const std::uint64_t count = elementCount(shape, limits);
    if (inferred && known != 0)
        out[*inferred] = static_cast<std::int64_t>(count / known);
    if (elementCount(out, limits) != count)
        throw ParseError(fmt::format("{} elements do not fit the shape [{}]", count, fmt::join(wanted, ",")));
    return out;
}

Shape flattenedShape(const Shape &shape, std::int64_t axis, const Limits &limits)
{
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t middle = axis < 0 ? axis + rank : axis;
    if (middle < 0 || middle > rank)
        throw ParseError(fmt::format("axis {} of Flatten is out of range", axis));
    const auto at = static_cast<std::size_t>(middle);
    const std::span<const std::int64_t> dims(shape);
    elementCount(shape, limits);
    return {static_cast<std::int64_t>(elementCount(dims.first(at), limits)),
        static_cast<std::int64_t>(elementCount(dims.subspan(at), limits))};
}

Shape squeezedShape(const Shape &shape, const std::optional<std::vector<std::int64_t>> &axes)
{
    std::vector<bool> drop(shape.size(), false);
    for (std::size_t i = 0; i < shape.size(); ++i)
        drop[i] = !axes && shape[i] == 1;
    for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>()))
        drop[axisOf(axis, shape.size())] = true;
    Shape out;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (!drop[i])
            out.push_back(shape[i]);
        else if (shape[i] != 1)
            throw ParseError(fmt::format("Squeeze drops axis {} of {} elements", i, shape[i]));
    }
    return out;
}

Shape unsqueezedShape(const Shape &shape, const std::vector<std::int64_t> &axes, const Limits &limits)
{
    const std::size_t rank = shape.size() + axes.size();
    if (rank > limits.rank)
        throw ParseError(fmt::format("Unsqueeze to {} axes", rank));
    Shape out(rank, 0);
    for (const std::int64_t axis : axes)
        out[axisOf(axis, rank)] = 1;
    if (static_cast<std::size_t>(std::count(out.begin(), out.end(), 1)) != axes.size())
        throw ParseError("Unsqueeze names an axis twice");
    auto next = shape.begin();
    for (std::int64_t &dim : out)
        if (dim == 0)
            dim = *next++;
    return out;
}

std::vector<std::size_t> permutationOf(const Node &node, std::size_t rank)
{
    std::vector<std::size_t> axes(rank);
    std::iota(axes.rbegin(), axes.rend(), std::size_t{0});
    const Attribute *perm = node.attribute("perm");
    if (perm == nullptr || perm->ints.empty())
        return axes;
    if (perm->ints.size() != rank)
        throw ParseError(fmt::format("Transpose names {} axes of {}", perm->ints.size(), rank));
    std::vector<bool> seen(rank, false);
    for (std::size_t i = 0; i < rank; ++i) {
        axes[i] = axisOf(perm->ints[i], rank);
        if (seen[axes[i]])
            throw ParseError("Transpose names an axis twice");
        seen[axes[i]] = true;
    }
    return axes;
}

} // namespace quantscope::folding
