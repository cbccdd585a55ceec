#include "run/torch/ops_sorting.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/unique_dim.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Of equal ones that of the lower index, which libtorch's own topk does not promise.
OpValues greatestOf(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t count = isGiven(call, 1) ? integerArgument(call, 1) : call.node.integer("k", 0);
    if (x.dim() == 0)
        throw RunError("its data has no axes");
    const std::int64_t axis = axisOf(call.node.integer("axis", -1), x.dim());
    if (count < 0 || count > x.size(axis))
        throw RunError(fmt::format("it takes {} of {} elements", count, x.size(axis)));
    const bool descending = call.node.integer("largest", 1) != 0;
    const auto [values, places] = at::sort(x, c10::optional<bool>(true), axis, descending);
    return {values.narrow(axis, 0, count), places.narrow(axis, 0, count)};
}

OpValues runningSum(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(integerArgument(call, 1), x.dim());
    const bool reverse = call.node.integer("reverse", 0) != 0;
    if (reverse)
        x = x.flip(axis);
    at::Tensor sums = at::cumsum(x, axis, x.scalar_type());
    if (call.node.integer("exclusive", 0) != 0)
        sums = sums - x;
    return oneValue(reverse ? sums.flip(axis) : sums);
}

OpValues placesOfOthers(const OpCall &call) { return oneValue(at::nonzero(call.tensor(0)).t()); }

OpValues triangle(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t diagonal = isGiven(call, 1) ? integerArgument(call, 1) : 0;
    return oneValue(call.node.integer("upper", 1) != 0 ? at::triu(x, diagonal) : at::tril(x, diagonal));
}

/// Elements, or slices along an axis: in rising order, or in that of their first places.
OpValues distinct(const OpCall &call)
{
    const Attribute *along = call.node.attribute("axis");
    const at::Tensor x = along == nullptr ? call.tensor(0).reshape({-1}) : call.tensor(0);
    if (x.dim() == 0)
        throw RunError("its data has no axes");
    const std::int64_t axis = along == nullptr ? 0 : axisOf(call.node.integer("axis", 0), x.dim());
    auto [values, inverse, counts] = at::unique_dim(x, axis, true, true, true);
    const std::int64_t own = x.size(axis), kinds = values.size(axis);
    const at::TensorOptions integers(at::kLong);
    at::Tensor first = at::full({kinds}, own, integers);
    first = first.scatter_reduce(0, inverse, at::arange(own, integers), "amin");
    if (call.node.integer("sorted", 1) == 0) {
        const at::Tensor order = first.argsort();
        inverse = at::empty({kinds}, integers).scatter(0, order, at::arange(kinds, integers)).index_select(0, inverse);
        values = values.index_select(axis, order);
        counts = counts.index_select(0, order);
        first = first.index_select(0, order);
    }
    return {values, first, inverse, counts};
}

constexpr std::array kSortingRows = {
    OpRow{"", "TopK", greatestOf},
    OpRow{"", "CumSum", runningSum},
    OpRow{"", "NonZero", placesOfOthers},
    OpRow{"", "Trilu", triangle},
    OpRow{"", "Unique", distinct},
};

} // namespace

std::span<const OpRow> sortingOperators() { return kSortingRows; }

} // namespace quantscope
