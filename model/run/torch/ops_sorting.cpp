#include "run/torch/ops_sorting.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>

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

constexpr std::array kSortingRows = {
    OpRow{"", "TopK", greatestOf},
    OpRow{"", "CumSum", runningSum},
    OpRow{"", "NonZero", placesOfOthers},
    OpRow{"", "Trilu", triangle},
};

} // namespace

std::span<const OpRow> sortingOperators() { return kSortingRows; }

} // namespace quantscope
