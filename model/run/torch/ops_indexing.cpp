#include "run/torch/ops_indexing.h"

#include "run/torch/index_of_rows.h"
#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

OpValues gathered(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    const at::Tensor index = countedFromStart(call.tensor(1), x.size(axis));
    Int64s shape = x.sizes().vec();
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, index.sizes().begin(), index.sizes().end());
    requireElements(shape);
    return oneValue(x.index_select(axis, index.reshape({-1})).reshape(shape));
}

OpValues gatheredElements(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    return oneValue(at::gather(x, axis, countedFromStart(call.tensor(1), x.size(axis))));
}

/// The first `batch` axes of data and index go together; the last axis of the index names a place in those that
/// follow.
OpValues gatheredPlaces(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), index = call.tensor(1);
    const std::int64_t batch = call.node.integer("batch_dims", 0);
    if (batch < 0 || index.dim() < 1 || batch >= std::min(x.dim(), index.dim()))
        throw RunError(fmt::format("it has no {} batch axes", batch));
    std::int64_t batches = 1;
    for (std::int64_t i = 0; i < batch; ++i)
        batches *= x.size(i);
    Int64s inner = {batches};
    inner.insert(inner.end(), x.sizes().begin() + batch, x.sizes().end());
    const at::Tensor data = x.reshape(inner);
    const at::Tensor places = index.reshape({batches, -1, index.size(-1)});
    const at::Tensor ofBatch = at::arange(batches, at::TensorOptions(at::kLong)).reshape({batches, 1, 1});
    const at::Tensor whole = at::cat({ofBatch.expand({batches, places.size(1), 1}), places.to(at::kLong)}, 2)
                                 .reshape({-1, index.size(-1) + 1});
    const IndexOfRows rows = indexOfRows(data, whole);
    Int64s shape(index.sizes().begin(), index.sizes().end() - 1);
    shape.insert(shape.end(), inner.begin() + index.size(-1) + 1, inner.end());
    requireElements(shape);
    return oneValue(rows.data.index_select(0, rows.index).reshape(shape));
}

OpValues oneHot(const OpCall &call)
{
    const at::Tensor index = call.tensor(0), values = call.tensor(2);
    const auto depth = static_cast<std::int64_t>(realArgument(call, 1));
    requireSizes({&depth, 1}, 1, "its depth");
    if (values.numel() != 2)
        throw RunError("its values are not two");
    const std::int64_t axis = axisOf(call.node.integer("axis", -1), index.dim() + 1);
    Int64s shape = index.sizes().vec();
    shape.insert(shape.begin() + axis, depth);
    requireElements(shape);
    Int64s along(shape.size(), 1);
    along[static_cast<std::size_t>(axis)] = depth;
    const at::Tensor wide = index.to(at::kLong);
    const at::Tensor classes = at::arange(depth, at::TensorOptions(at::kLong)).reshape(along);
    const at::Tensor hot = classes.eq(at::where(wide < 0, wide + depth, wide).unsqueeze(axis));
    const at::Tensor pair = values.reshape({2});
    return oneValue(at::where(hot, pair.select(0, 1), pair.select(0, 0)));
}

OpValues compressed(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    std::int64_t axis = 0;
    if (call.node.attribute("axis") == nullptr)
        x = x.reshape({-1});
    else
        axis = axisOf(call.node.integer("axis", 0), x.dim());
    return oneValue(x.index_select(axis, call.tensor(1).nonzero().reshape({-1})));
}

OpValues reversedSequence(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t time = axisOf(call.node.integer("time_axis", 0), x.dim());
    const std::int64_t batch = axisOf(call.node.integer("batch_axis", 1), x.dim());
    const Int64s lengths = integersArgument(call, 1);
    if (time == batch || static_cast<std::int64_t>(lengths.size()) != x.size(batch))
        throw RunError(fmt::format("it has {} lengths", lengths.size()));
    requireSizes(lengths, 0, "a length");
    at::Tensor out = x.clone();
    for (std::int64_t i = 0; i < x.size(batch); ++i) {
        const std::int64_t length = lengths[static_cast<std::size_t>(i)];
        at::Tensor part = out.narrow(batch, i, 1).narrow(time, 0, length);
        part.copy_(x.narrow(batch, i, 1).narrow(time, 0, length).flip(time));
    }
    return oneValue(out);
}

constexpr std::array kIndexingRows = {
    OpRow{"", "Gather", gathered, CodesRole::Keeps, 1},
    OpRow{"", "GatherElements", gatheredElements},
    OpRow{"", "GatherND", gatheredPlaces},
    OpRow{"", "OneHot", oneHot},
    OpRow{"", "Compress", compressed},
    OpRow{"", "ReverseSequence", reversedSequence},
};

} // namespace

std::span<const OpRow> indexingOperators() { return kIndexingRows; }

} // namespace quantscope
