#include "dialects/folding/fold_aten.h"

#include "dialects/folding/fold_elementwise.h"
#include "dialects/folding/fold_shapes.h"
#include "dialects/folding/fold_values.h"
#include "graph/torch_types.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

std::optional<FoldedValue> literal(const Node &node, std::size_t position)
{
    const Attribute *found = node.attribute(std::to_string(position));
    if (found != nullptr && found->kind == Attribute::Kind::Int)
        return FoldedValue{DType::Int64, {}, std::vector<std::int64_t>{found->i}};
    if (found != nullptr && found->kind == Attribute::Kind::Float)
        return FoldedValue{DType::Float32, {}, std::vector<float>{found->f}};
    return std::nullopt;
}

/// Calls a function for operands that are all values, with torch's types: a number beside a tensor takes its type, and
/// integers beside floats become floats.
template <Function function> FoldedValue elementwise(const Call &call)
{
    std::vector<FoldedValue> owned;
    owned.reserve(2);
    Call all{call.file, call.node, call.limits, {}};
    for (std::size_t i = 0; i < 2; ++i) {
        if (call.has(i))
            owned.push_back(call.operand(i));
        else if (auto number = literal(call.node, i))
            owned.push_back(std::move(*number));
        else
            throw ParseError(fmt::format("operand {} of {} is missing", i, call.node.opType));
    }
    const Attribute *factor = call.node.attribute("alpha");
    if (factor != nullptr && !(factor->kind == Attribute::Kind::Int && factor->i == 1))
        throw ParseError("a sum with a factor (alpha) is not computed");
    const FoldedValue &a = owned[0], &b = owned[1];
    const bool second
        = (a.shape.empty() && !b.shape.empty() && a.isFloat() == b.isFloat()) || (!a.isFloat() && b.isFloat());
    const DType type = second ? b.dtype : a.dtype;
    const bool alike = a.shape.empty() == b.shape.empty() && a.isFloat() == b.isFloat();
    if (type == DType::Float64 || (alike && b.dtype == DType::Float64))
        throw ParseError("arithmetic in float64 is not computed");
    for (FoldedValue &operand : owned) {
        if (operand.dtype != type)
            operand = cast(operand, type);
        all.operands.push_back(&operand);
    }
    return function(all);
}

/// torch divides integers as floats.
FoldedValue quotient(const Call &call)
{
    const bool real = call.has(0) && call.operand(0).isFloat();
    if (!real)
        throw ParseError("a quotient of integers is not computed");
    return elementwise<divide>(call);
}

FoldedValue converted(const Call &call)
{
    for (std::size_t i = 1; i < 3; ++i) {
        if (call.has(i))
            return cast(call.operand(0), call.operand(i).dtype);
        if (const auto number = literal(call.node, i); number && !number->isFloat())
            return cast(call.operand(0), dtypeFromTorch(number->integers()[0]));
    }
    const std::int64_t type = call.node.integer("dtype", -1);
    return type < 0 ? call.operand(0) : cast(call.operand(0), dtypeFromTorch(type));
}

FoldedValue reshapedAs(const Call &call, Shape shape)
{
    FoldedValue out = call.operand(0);
    if (elementCount(shape) != out.count())
        throw ParseError("a constant is reshaped to another number of elements");
    out.shape = std::move(shape);
    return out;
}

FoldedValue viewed(const Call &call)
{
    if (call.has(1)) // view_as
        return reshapedAs(call, call.operand(1).shape);
    const Attribute *shape = call.node.attribute("1");
    if (shape == nullptr || shape->kind != Attribute::Kind::Ints)
        throw ParseError(fmt::format("{} without a constant shape", call.node.opType));
    return reshapedAs(call, reshapedTo(call.operand(0).shape, shape->ints, true, call.limits));
}

FoldedValue flattened(const Call &call)
{
    const Shape &shape = call.operand(0).shape;
    const std::size_t rank = shape.size();
    if (rank == 0)
        return reshapedAs(call, {1});
    const std::size_t first = axisOf(call.node.integer("1", 0), rank), last = axisOf(call.node.integer("2", -1), rank);
    if (first > last)
        throw ParseError("axes to flatten are in the wrong order");
    const auto begin = shape.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = shape.begin() + static_cast<std::ptrdiff_t>(last) + 1;
    Shape out(shape.begin(), begin);
    out.push_back(static_cast<std::int64_t>(elementCount(Shape(begin, end))));
    out.insert(out.end(), end, shape.end());
    return reshapedAs(call, std::move(out));
}

FoldedValue expanded(const Call &call)
{
    const FoldedValue &from = call.operand(0);
    const Shape &shape = call.operand(1).shape;
    if (broadcastShape(from.shape, shape) != shape)
        throw ParseError("a constant is expanded to a smaller shape");
    const std::vector<std::size_t> indices = broadcastIndices(from.shape, shape, call.limits);
    FoldedValue out{from.dtype, shape, {}};
    std::visit(
        [&](const auto &values) {
            std::decay_t<decltype(values)> all(indices.size());
            std::ranges::transform(indices, all.begin(), [&](std::size_t i) { return values[i]; });
            out.data = std::move(all);
        },
        from.data);
    return out;
}

/// One slice along an axis, which goes.
FoldedValue selected(const Call &call)
{
    const FoldedValue &from = call.operand(0);
    const std::size_t axis = axisOf(call.node.integer("1", 0), from.shape.size());
    const std::int64_t size = from.shape[axis], wanted = call.node.integer("2", 0);
    const std::int64_t at = wanted < 0 ? wanted + size : wanted;
    if (at < 0 || at >= size)
        throw ParseError(fmt::format("slice {} of {} is selected", wanted, size));
    const std::size_t inner = elementCount(std::span(from.shape).subspan(axis + 1));
    FoldedValue out{from.dtype, from.shape, {}};
    out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    std::visit(
        [&](const auto &values) {
            std::decay_t<decltype(values)> kept;
            for (std::size_t i = 0; i < values.size(); ++i)
                if (i / inner % static_cast<std::size_t>(size) == static_cast<std::size_t>(at))
                    kept.push_back(values[i]);
            out.data = std::move(kept);
        },
        from.data);
    return out;
}

/// Of numbers alone: that is what conditions compare.
FoldedValue equalTo(const Call &call)
{
    const auto number = literal(call.node, 1);
    if (!number || call.operand(0).count() != 1)
        throw ParseError("only one number is compared with another");
    return {DType::Bool, {}, std::vector<std::int64_t>{call.operand(0).floats()[0] == number->floats()[0] ? 1 : 0}};
}

FoldedValue unsqueezed(const Call &call)
{
    return reshapedAs(call, unsqueezedShape(call.operand(0).shape, {call.node.integer("1", 0)}, call.limits));
}

FoldedValue squeezed(const Call &call)
{
    const Attribute *axis = call.node.attribute("1");
    const std::optional<std::vector<std::int64_t>> axes = axis != nullptr && axis->kind == Attribute::Kind::Int
        ? std::optional(std::vector<std::int64_t>{axis->i})
        : std::nullopt;
    return reshapedAs(call, squeezedShape(call.operand(0).shape, axes));
}

/// clamp(x, low, high), either of which may be None.
FoldedValue clamped(const Call &call)
{
    FoldedValue out = call.operand(0);
    for (const std::size_t position : {1u, 2u}) {
        const auto bound = literal(call.node, position);
        if (!bound)
            continue;
        const FoldedValue limit = cast(*bound, out.dtype);
        Call step{call.file, call.node, call.limits, {&out, &limit}};
        out = position == 1 ? maximum(step) : minimum(step);
    }
    return out;
}

/// A product of two matrices of one column, in which nothing is added up: how scales are multiplied.
FoldedValue outerProduct(const Call &call)
{
    const FoldedValue &a = call.operand(0), &b = call.operand(1);
    if (call.has(2) || a.shape.size() != 2 || b.shape.size() != 2 || a.shape[1] != 1 || b.shape[1] != 1)
        throw ParseError("a product of matrices is not computed");
    FoldedValue row = b;
    row.shape = {1, b.shape[0]};
    Call product{call.file, call.node, call.limits, {&a, &row}};
    return multiply(product);
}

struct AtenRow {
    std::string_view opType;
    Function function;
};

constexpr std::array kAten = {
    AtenRow{"to", converted},
    AtenRow{"type_as", converted},
    AtenRow{"view", viewed},
    AtenRow{"reshape", viewed},
    AtenRow{"view_as", viewed},
    AtenRow{"reshape_as", viewed},
    AtenRow{"flatten", flattened},
    AtenRow{"expand_as", expanded},
    AtenRow{"select", selected},
    AtenRow{"eq", equalTo},
    AtenRow{"unsqueeze", unsqueezed},
    AtenRow{"squeeze", squeezed},
    AtenRow{"mul", elementwise<multiply>},
    AtenRow{"add", elementwise<add>},
    AtenRow{"sub", elementwise<subtract>},
    AtenRow{"div", quotient},
    AtenRow{"clamp", clamped},
    AtenRow{"neg", negate},
    AtenRow{"abs", absolute},
    AtenRow{"sqrt", squareRoot},
    AtenRow{"reciprocal", reciprocal},
    AtenRow{"round", roundHalfEven},
    AtenRow{"floor", roundDown},
    AtenRow{"ceil", roundUp},
    AtenRow{"detach", identity},
    AtenRow{"alias", identity},
    AtenRow{"clone", identity},
    AtenRow{"contiguous", identity},
    AtenRow{"linear", outerProduct},
};

} // namespace

Function findAten(std::string_view opType)
{
    const auto row = std::ranges::find(kAten, opType, &AtenRow::opType);
    return row == kAten.end() ? nullptr : row->function;
}

} // namespace quantscope::folding
