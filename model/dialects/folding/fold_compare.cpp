#include "dialects/folding/fold_compare.h"

#include "dialects/folding/fold_call.h"
#include "dialects/folding/fold_values.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

template <class Compare> FoldedValue compared(const Call &call, const Compare &compare)
{
    const FoldedValue &a = call.operand(0), &b = call.operand(1);
    const Shape shape = broadcastShape(a.shape, b.shape);
    const auto left = broadcastIndices(a.shape, shape, call.limits);
    const auto right = broadcastIndices(b.shape, shape, call.limits);
    Integers out(left.size());
    const auto fill = [&](const auto &x, const auto &y) {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = compare(x[left[i]], y[right[i]]) ? 1 : 0;
    };
    if (a.isFloat() || b.isFloat())
        fill(a.floats(), b.floats());
    else
        fill(a.integers(), b.integers());
    return {DType::Bool, shape, std::move(out)};
}

template <class OnFloat, class OnInteger>
FoldedValue each(const Call &call, const OnFloat &onFloat, const OnInteger &onInteger)
{
    FoldedValue out = call.operand(0);
    if (auto *floats = std::get_if<Floats>(&out.data))
        std::transform(floats->begin(), floats->end(), floats->begin(), onFloat);
    else
        for (std::int64_t &v : std::get<Integers>(out.data))
            v = wrapTo(out.dtype, onInteger(v));
    return out;
}

/// All elements, or those along `axes`, which are an attribute or, since operator set 18, an input.
std::vector<bool> reducedAxes(const Call &call, std::size_t rank)
{
    std::vector<std::int64_t> axes;
    if (call.has(1))
        axes = call.operand(1).integers();
    else if (const Attribute *attribute = call.node.attribute("axes"))
        axes = attribute->ints;
    const bool all = axes.empty() && call.node.integer("noop_with_empty_axes", 0) == 0;
    std::vector<bool> out(rank, all);
    for (const std::int64_t axis : axes)
        out[axisOf(axis, rank)] = true;
    return out;
}

struct Reduction {
    Shape shape; ///< of the result
    std::vector<std::size_t> target; ///< of each element: its place in the result
    std::size_t count = 0;
};

Reduction reductionOf(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    if (x.count() == 0)
        throw ParseError("a reduction of nothing");
    const std::vector<bool> drop = reducedAxes(call, x.shape.size());
    Reduction out;
    Shape kept = x.shape;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        kept[i] = drop[i] ? 1 : kept[i];
        if (!drop[i] || call.node.integer("keepdims", 1) != 0)
            out.shape.push_back(kept[i]);
    }
    out.target = broadcastIndices(kept, x.shape, call.limits);
    out.count = boundedCount(kept, call.limits);
    return out;
}

template <bool largest> FoldedValue reduced(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const Reduction reduction = reductionOf(call);
    const auto reduce = [&](const auto &in, auto out) {
        std::vector<bool> seen(reduction.count, false);
        out.resize(reduction.count);
        for (std::size_t i = 0; i < in.size(); ++i) {
            const std::size_t at = reduction.target[i];
            const bool isNan = in[i] != in[i]; // which wins
            if (!seen[at] || isNan || (largest ? in[i] > out[at] : in[i] < out[at]))
                out[at] = in[i];
            seen[at] = true;
        }
        return out;
    };
    if (x.isFloat())
        return {x.dtype, reduction.shape, reduce(std::get<Floats>(x.data), Floats())};
    return {x.dtype, reduction.shape, reduce(std::get<Integers>(x.data), Integers())};
}

} // namespace

FoldedValue signOf(const Call &call)
{
    return each(
        call, [](float v) { return v > 0 ? 1.0f
                                : v < 0  ? -1.0f
                                         : v; },
        [](std::int64_t v) { return std::int64_t{v > 0} - std::int64_t{v < 0}; });
}

FoldedValue greater(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a > b; });
}
FoldedValue greaterOrEqual(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a >= b; });
}
FoldedValue less(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a < b; });
}
FoldedValue lessOrEqual(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a <= b; });
}

FoldedValue equal(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a == b; });
}
FoldedValue logicalAnd(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a != 0 && b != 0; });
}
FoldedValue logicalOr(const Call &call)
{
    return compared(call, [](auto a, auto b) { return a != 0 || b != 0; });
}
FoldedValue logicalXor(const Call &call)
{
    return compared(call, [](auto a, auto b) { return (a != 0) != (b != 0); });
}

FoldedValue logicalNot(const Call &call)
{
    return each(
        call, [](float v) { return v == 0 ? 1.0f : 0.0f; }, [](std::int64_t v) { return std::int64_t{v == 0}; });
}

FoldedValue where(const Call &call)
{
    const FoldedValue &condition = call.operand(0), &a = call.operand(1), &b = call.operand(2);
    const Shape shape = broadcastShape(broadcastShape(condition.shape, a.shape), b.shape);
    const auto choice = broadcastIndices(condition.shape, shape, call.limits);
    const auto left = broadcastIndices(a.shape, shape, call.limits);
    const auto right = broadcastIndices(b.shape, shape, call.limits);
    const Integers chosen = condition.integers();
    const auto choose = [&](const auto &x, const auto &y, auto out) {
        out.resize(choice.size());
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = chosen[choice[i]] != 0 ? x[left[i]] : y[right[i]];
        return out;
    };
    if (a.isFloat())
        return {a.dtype, shape, choose(a.floats(), b.floats(), Floats())};
    return {a.dtype, shape, choose(a.integers(), b.integers(), Integers())};
}

FoldedValue relu(const Call &call)
{
    return each(
        call, [](float v) { return v < 0 ? 0.0f : v; }, [](std::int64_t v) { return std::max<std::int64_t>(v, 0); });
}

FoldedValue reduceMaximum(const Call &call) { return reduced<true>(call); }
FoldedValue reduceMinimum(const Call &call) { return reduced<false>(call); }

namespace {

/// Sums in float64 of each group, over `divisor` where it is a mean.
FoldedValue addedUp(const Call &call, bool mean)
{
    const FoldedValue &x = call.operand(0);
    const Reduction reduction = reductionOf(call);
    if (!x.isFloat()) {
        if (mean)
            throw ParseError("a mean of integers is not computed");
        std::vector<std::uint64_t> sums(reduction.count, 0);
        for (std::size_t i = 0; i < x.count(); ++i)
            sums[reduction.target[i]] += static_cast<std::uint64_t>(std::get<Integers>(x.data)[i]);
        Integers out;
        for (const std::uint64_t sum : sums)
            out.push_back(wrapTo(x.dtype, static_cast<std::int64_t>(sum)));
        return {x.dtype, reduction.shape, std::move(out)};
    }
    const Floats &in = std::get<Floats>(x.data);
    std::vector<double> sums(reduction.count, 0.0);
    for (std::size_t i = 0; i < in.size(); ++i)
        sums[reduction.target[i]] += static_cast<double>(in[i]);
    const double divisor = mean ? static_cast<double>(in.size() / reduction.count) : 1;
    Floats out;
    for (const double sum : sums)
        out.push_back(roundTo(x.dtype, static_cast<float>(sum / divisor)));
    return {x.dtype, reduction.shape, std::move(out)};
}

} // namespace

FoldedValue reduceMean(const Call &call) { return addedUp(call, true); }
FoldedValue reduceSum(const Call &call) { return addedUp(call, false); }

} // namespace quantscope::folding
