#include "dialects/folding/fold_shape_ops.h"

#include "dialects/folding/fold_call.h"
#include "dialects/folding/fold_shapes.h"
#include "dialects/folding/fold_values.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

using Integers = std::vector<std::int64_t>;

/// Elements of `from` in the order of `indices`.
FoldedValue picked(const FoldedValue &from, Shape shape, const std::vector<std::size_t> &indices)
{
    FoldedValue out{from.dtype, std::move(shape), {}};
    std::visit(
        [&](const auto &values) {
            std::decay_t<decltype(values)> chosen(indices.size());
            std::transform(indices.begin(), indices.end(), chosen.begin(), [&](std::size_t i) { return values[i]; });
            out.data = std::move(chosen);
        },
        from.data);
    return out;
}

FoldedValue withShape(FoldedValue value, Shape shape, const Limits &limits)
{
    if (boundedCount(shape, limits) != value.count())
        throw ParseError(fmt::format("{} elements do not fit the shape [{}]", value.count(), fmt::join(shape, ",")));
    value.shape = std::move(shape);
    return value;
}

/// Axes or a shape: an input in newer operator sets, an attribute in older ones.
std::optional<Integers> listOperand(const Call &call, std::size_t position, std::string_view attribute)
{
    if (call.has(position))
        return call.operand(position).integers();
    const Attribute *found = call.node.attribute(attribute);
    return found != nullptr && found->kind == Attribute::Kind::Ints ? std::optional(found->ints) : std::nullopt;
}

} // namespace

FoldedValue reshape(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const auto wanted = listOperand(call, 1, "shape");
    if (!wanted)
        throw ParseError("Reshape has no shape");
    return withShape(x, reshapedTo(x.shape, *wanted, call.node.integer("allowzero", 0) != 0, call.limits), call.limits);
}

FoldedValue flatten(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    return withShape(x, flattenedShape(x.shape, call.node.integer("axis", 1), call.limits), call.limits);
}

FoldedValue squeeze(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const auto axes = listOperand(call, 1, "axes");
    return withShape(x, squeezedShape(x.shape, axes), call.limits);
}

FoldedValue unsqueeze(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const auto axes = listOperand(call, 1, "axes");
    if (!axes)
        throw ParseError("Unsqueeze has no axes");
    return withShape(x, unsqueezedShape(x.shape, *axes, call.limits), call.limits);
}

FoldedValue transpose(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const std::vector<std::size_t> axes = permutationOf(call.node, x.shape.size());
    const std::vector<std::int64_t> strides = contiguousStrides(x.shape);
    Shape shape(axes.size());
    std::vector<std::size_t> indices(x.count(), 0);
    std::size_t inner = 1;
    for (std::size_t i = axes.size(); i-- > 0;) {
        shape[i] = x.shape[axes[i]];
        const auto size = static_cast<std::size_t>(shape[i]);
        const auto stride = static_cast<std::size_t>(strides[axes[i]]);
        for (std::size_t k = 0; k < indices.size(); ++k)
            indices[k] += k / inner % size * stride;
        inner *= size;
    }
    return picked(x, std::move(shape), indices);
}

FoldedValue concat(const Call &call)
{
    const FoldedValue &first = call.operand(0);
    const std::size_t axis = axisOf(call.node.integer("axis", 0), first.shape.size());
    Shape shape = first.shape;
    shape[axis] = 0;
    for (std::size_t i = 0; i < call.operands.size(); ++i) {
        Shape other = call.operand(i).shape;
        if (other.size() != shape.size() || call.operand(i).isFloat() != first.isFloat())
            throw ParseError("Concat joins operands that do not fit");
        shape[axis] += other[axis];
        other[axis] = first.shape[axis];
        if (other != first.shape)
            throw ParseError("Concat joins operands that do not fit");
    }
    FoldedValue out{first.dtype, shape, {}};
    const std::size_t total = boundedCount(shape, call.limits);
    std::size_t outer = 1;
    for (std::size_t i = 0; i < axis; ++i)
        outer *= static_cast<std::size_t>(shape[i]);
    std::visit(
        [&](const auto &model) {
            std::decay_t<decltype(model)> joined;
            joined.reserve(total);
            for (std::size_t o = 0; o < outer; ++o)
                for (const FoldedValue *part : call.operands) {
                    const auto &values = std::get<std::decay_t<decltype(model)>>(part->data);
                    const auto run = static_cast<std::ptrdiff_t>(values.size() / outer);
                    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(o) * run;
                    joined.insert(joined.end(), begin, begin + run);
                }
            out.data = std::move(joined);
        },
        first.data);
    return out;
}

FoldedValue gather(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const FoldedValue &where = call.operand(1);
    const std::size_t axis = axisOf(call.node.integer("axis", 0), x.shape.size());
    Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    shape.insert(shape.end(), where.shape.begin(), where.shape.end());
    shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
    std::vector<std::size_t> indices;
    indices.reserve(boundedCount(shape, call.limits));
    std::size_t inner = 1, outer = 1;
    for (std::size_t i = 0; i < x.shape.size(); ++i)
        (i < axis ? outer : i > axis ? inner : outer) *= i == axis ? 1 : static_cast<std::size_t>(x.shape[i]);
    const auto size = static_cast<std::size_t>(x.shape[axis]);
    for (std::size_t o = 0; o < outer; ++o)
        for (const std::int64_t index : where.integers())
            for (std::size_t k = 0; k < inner; ++k)
                indices.push_back((o * size + axisOf(index, size)) * inner + k);
    return picked(x, std::move(shape), indices);
}

FoldedValue expand(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const Shape shape = broadcastShape(x.shape, call.operand(1).integers());
    return picked(x, shape, broadcastIndices(x.shape, shape, call.limits));
}

namespace {

/// Starts, ends and steps of Slice, one an axis: attributes before operator set 10, inputs since.
struct Slices {
    std::vector<std::int64_t> start, step;
    Shape shape; ///< of the result
};

Slices slicesOf(const Call &call)
{
    const Shape &shape = call.operand(0).shape;
    const auto starts = listOperand(call, 1, "starts"), ends = listOperand(call, 2, "ends");
    if (!starts || !ends || starts->size() != ends->size())
        throw ParseError("Slice needs as many starts as ends");
    auto axes = listOperand(call, 3, "axes");
    const auto steps = listOperand(call, 4, "steps");
    if (!axes) {
        axes.emplace(starts->size());
        std::iota(axes->begin(), axes->end(), std::int64_t{0});
    }
    if (axes->size() != starts->size() || (steps && steps->size() != starts->size()))
        throw ParseError("Slice needs as many axes and steps as starts");
    Slices out{Integers(shape.size(), 0), Integers(shape.size(), 1), shape};
    for (std::size_t i = 0; i < starts->size(); ++i) {
        const std::size_t axis = axisOf((*axes)[i], shape.size());
        const std::int64_t size = shape[axis], step = steps ? (*steps)[i] : 1;
        if (step == 0 || step == std::numeric_limits<std::int64_t>::min())
            throw ParseError(fmt::format("Slice steps by {}", step));
        // Ends lie beyond the axis as often as not: INT64_MAX means all.
        const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
        const auto bound = [&](std::int64_t at) { return std::clamp(at < 0 ? at + size : at, low, high); };
        const std::int64_t begin = bound((*starts)[i]), end = bound((*ends)[i]);
        const std::int64_t length = step > 0 ? end - begin : begin - end, stride = step > 0 ? step : -step;
        out.start[axis] = begin;
        out.step[axis] = step;
        out.shape[axis] = length <= 0 ? 0 : (length - 1) / stride + 1;
    }
    return out;
}

} // namespace

FoldedValue slice(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const Slices slices = slicesOf(call);
    const std::vector<std::int64_t> strides = contiguousStrides(x.shape);
    std::vector<std::size_t> indices(boundedCount(slices.shape, call.limits));
    for (std::size_t k = 0; k < indices.size(); ++k) {
        std::int64_t at = 0;
        auto rest = static_cast<std::int64_t>(k);
        for (std::size_t axis = x.shape.size(); axis-- > 0; rest /= slices.shape[axis])
            at += (slices.start[axis] + rest % slices.shape[axis] * slices.step[axis]) * strides[axis];
        indices[k] = static_cast<std::size_t>(at);
    }
    return picked(x, slices.shape, indices);
}

/// Parts of given sizes, or as equal as they can be, of which the last is the smallest.
FoldedValue split(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const std::size_t axis = axisOf(call.node.integer("axis", 0), x.shape.size());
    const auto parts = static_cast<std::int64_t>(call.node.outputs.size());
    const std::int64_t size = x.shape[axis], equal = size / parts + (size % parts != 0 ? 1 : 0);
    const auto given = listOperand(call, 1, "split");
    Integers sizes = given.value_or(Integers(call.node.outputs.size(), equal));
    if (sizes.size() != call.node.outputs.size() || std::ranges::any_of(sizes, [](auto n) { return n < 0; }))
        throw ParseError("Split has other sizes than outputs");
    std::int64_t start = 0, used = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        sizes[i] = given ? sizes[i] : std::min(sizes[i], size - used);
        if (sizes[i] > size - used)
            throw ParseError("Split has sizes beyond its operand's");
        used += sizes[i];
        start += i < call.output ? sizes[i] : 0;
    }
    if (used != size)
        throw ParseError("Split has sizes that leave some of its operand out");
    Shape shape = x.shape;
    shape[axis] = sizes[call.output];
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < x.shape.size(); ++i)
        inner *= static_cast<std::size_t>(x.shape[i]);
    const auto run = static_cast<std::size_t>(shape[axis]) * inner;
    std::vector<std::size_t> indices(boundedCount(shape, call.limits));
    for (std::size_t k = 0; k < indices.size(); ++k)
        indices[k]
            = k / run * static_cast<std::size_t>(size) * inner + static_cast<std::size_t>(start) * inner + k % run;
    return picked(x, std::move(shape), indices);
}

FoldedValue sizeOf(const Call &call)
{
    return {DType::Int64, {}, Integers{static_cast<std::int64_t>(call.operand(0).count())}};
}

FoldedValue shapeOf(const Call &call)
{
    const Shape &shape = call.operand(0).shape;
    const auto rank = static_cast<std::int64_t>(shape.size());
    const auto bound = [&](std::string_view name, std::int64_t missing) {
        const std::int64_t at = call.node.integer(name, missing);
        return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const std::int64_t begin = bound("start", 0), end = std::max(begin, bound("end", rank));
    Integers dims(shape.begin() + begin, shape.begin() + end);
    return {DType::Int64, {end - begin}, std::move(dims)};
}

FoldedValue constantOfShape(const Call &call)
{
    const Shape shape = call.operand(0).integers();
    const std::size_t count = boundedCount(shape, call.limits);
    const Attribute *value = call.node.attribute("value");
    if (value == nullptr || !value->tensor)
        return {DType::Float32, shape, std::vector<float>(count, 0.0f)};
    const FoldedValue one = fromTensor(call.file.tensors.at(*value->tensor), call.limits);
    if (one.count() != 1)
        throw ParseError("the value of ConstantOfShape is not one number");
    return picked(one, shape, std::vector<std::size_t>(count, 0));
}

} // namespace quantscope::folding
