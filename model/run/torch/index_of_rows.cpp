#include "run/torch/index_of_rows.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <fmt/format.h>

namespace quantscope {

at::Tensor countedFromStart(const at::Tensor &index, std::int64_t size)
{
    if (!c10::isIntegralType(index.scalar_type(), false))
        throw RunError("its index has no integers");
    const at::Tensor wide = index.to(at::kLong);
    return at::where(wide < 0, wide + size, wide);
}

IndexOfRows indexOfRows(const at::Tensor &x, const at::Tensor &places)
{
    const std::int64_t depth = places.size(1);
    if (depth > x.dim())
        throw RunError(fmt::format("its index names places by {} numbers in a tensor of {} axes", depth, x.dim()));
    std::int64_t count = 1;
    at::Tensor index = at::zeros({places.size(0)}, at::TensorOptions(at::kLong));
    for (std::int64_t axis = 0; axis < depth; ++axis) {
        const at::Tensor place = countedFromStart(places.select(1, axis), x.size(axis));
        if (place.numel() > 0
            && (place.min().item<std::int64_t>() < 0 || place.max().item<std::int64_t>() >= x.size(axis)))
            throw RunError(fmt::format("its index names a place that axis {} of its data does not have", axis));
        index = index * x.size(axis) + place;
        count *= x.size(axis);
    }
    Int64s shape = {count};
    shape.insert(shape.end(), x.sizes().begin() + depth, x.sizes().end());
    return {x.reshape(shape), index};
}

} // namespace quantscope
