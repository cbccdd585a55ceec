#include "run/torch/ops_pooling.h"

#include "run/torch/ops_convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Data and window in as many axes as libtorch's pools of planes or volumes have.
struct Pool {
    at::Tensor x;
    Window window;
    bool line = false; ///< one axis was added in front of the only one
    bool ceil = false;

    bool isPlain() const
    {
        for (std::size_t i = 0; i < window.kernel.size(); ++i)
            if (2 * window.before[i] > window.kernel[i])
                return false;
        return window.isSymmetric();
    }
    at::Tensor finished(const at::Tensor &pooled) const { return line ? pooled.squeeze(2) : pooled; }
};

Pool poolOf(const OpCall &call, const at::Tensor &x)
{
    Pool pool{x, windowOf(call, spatialSizes(x), {}), x.dim() == 3, call.node.integer("ceil_mode", 0) != 0};
    const auto axes = pool.window.kernel.size();
    if (axes > 3)
        throw RunError(fmt::format("pools over {} axes are not computed here", axes));
    if (!pool.line)
        return pool;
    pool.x = x.unsqueeze(2);
    for (Int64s *numbers : {&pool.window.kernel, &pool.window.strides, &pool.window.dilations})
        numbers->insert(numbers->begin(), 1);
    for (Int64s *numbers : {&pool.window.before, &pool.window.after})
        numbers->insert(numbers->begin(), 0);
    return pool;
}

/// Windows that begin in the padding behind the data are left out, as torch does.
std::int64_t countOf(const Pool &pool, std::size_t axis)
{
    const Window &window = pool.window;
    const std::int64_t size = pool.x.size(static_cast<std::int64_t>(axis) + 2);
    const std::int64_t room = size + window.before[axis] + window.after[axis] - window.reach(axis);
    if (room < 0)
        throw RunError("its window is larger than its data with all padding");
    const std::int64_t stride = window.strides[axis];
    std::int64_t count = (pool.ceil ? room + stride - 1 : room) / stride + 1;
    if (pool.ceil && (count - 1) * stride >= size + window.before[axis])
        --count;
    return count;
}

/// Behind the data so much that all windows are whole.
Int64s wholeAfter(const Pool &pool)
{
    Int64s after = pool.window.after;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const std::int64_t end = (countOf(pool, i) - 1) * pool.window.strides[i] + pool.window.reach(i);
        after[i] = std::max(after[i], end - pool.x.size(static_cast<std::int64_t>(i) + 2) - pool.window.before[i]);
    }
    return after;
}

void requirePooled(const Pool &pool)
{
    Int64s shape = {pool.x.size(0), pool.x.size(1)};
    for (std::size_t i = 0; i < pool.window.kernel.size(); ++i)
        shape.push_back(countOf(pool, i));
    requireElements(shape);
}

at::Tensor maximum(const Pool &pool, const at::Tensor &x, const Int64s &padding, bool ceil)
{
    const Window &window = pool.window;
    return x.dim() == 4 ? at::max_pool2d(x, window.kernel, window.strides, padding, window.dilations, ceil)
                        : at::max_pool3d(x, window.kernel, window.strides, padding, window.dilations, ceil);
}

/// Positions within a padded plane as ONNX counts them: over the whole tensor, its last axis first, or last where
/// 'storage_order' is 1.
at::Tensor positionsOf(const Pool &pool, const at::Tensor &padded, at::Tensor within, bool columns)
{
    const std::int64_t axes = pool.x.dim() - 2;
    at::Tensor flat = at::zeros_like(within);
    std::int64_t step = 1;
    std::vector<at::Tensor> coordinates(static_cast<std::size_t>(axes));
    for (std::int64_t axis = axes; axis-- > 0;) {
        const std::int64_t size = padded.size(axis + 2);
        coordinates[static_cast<std::size_t>(axis)]
            = within.remainder(size) - pool.window.before[static_cast<std::size_t>(axis)];
        within = within.div(size, "floor");
    }
    for (std::int64_t i = 0; i < axes; ++i) {
        const std::int64_t axis = columns ? i : axes - 1 - i;
        flat = flat + coordinates[static_cast<std::size_t>(axis)] * step;
        step *= pool.x.size(axis + 2);
    }
    Int64s shape(static_cast<std::size_t>(pool.x.dim()), 1);
    shape[0] = pool.x.size(0);
    shape[1] = pool.x.size(1);
    return flat + at::arange(shape[0] * shape[1], flat.options()).reshape(shape) * step;
}

/// Integers are pooled as floats that hold them exactly.
at::Tensor pooledFloats(const at::Tensor &x)
{
    if (!c10::isIntegralType(x.scalar_type(), true))
        return x.scalar_type() == at::kHalf ? x.to(at::kFloat) : x;
    return x.to(x.element_size() < 4 ? at::kFloat : at::kDouble);
}

at::Tensor paddedForMaximum(const Pool &pool)
{
    return paddedBy(pool.x, pool.window.before, wholeAfter(pool), -std::numeric_limits<double>::infinity());
}

OpValues maxPool(const OpCall &call)
{
    const at::Tensor given = call.tensor(0);
    const Pool pool = poolOf(call, pooledFloats(given));
    requirePooled(pool);
    const auto back = [&](const at::Tensor &pooled) { return pool.finished(pooled).to(given.scalar_type()); };
    const Int64s none(pool.window.kernel.size(), 0);
    if (call.node.outputs.size() < 2 || call.node.outputs[1] == kNoValue)
        return oneValue(back(pool.isPlain() ? maximum(pool, pool.x, pool.window.before, pool.ceil)
                                            : maximum(pool, paddedForMaximum(pool), none, false)));
    const at::Tensor padded = paddedForMaximum(pool);
    const Window &window = pool.window;
    const auto [values, within] = padded.dim() == 4
        ? at::max_pool2d_with_indices(padded, window.kernel, window.strides, none, window.dilations)
        : at::max_pool3d_with_indices(padded, window.kernel, window.strides, none, window.dilations);
    const bool columns = call.node.integer("storage_order", 0) != 0;
    return {back(values), pool.finished(positionsOf(pool, padded, within, columns))};
}

OpValues maxPoolOfLast(const OpCall &call)
{
    const Pool pool = poolOf(call, channelsFirst(call.tensor(0)));
    requirePooled(pool);
    const Int64s none(pool.window.kernel.size(), 0);
    return oneValue(channelsLast(pool.finished(maximum(pool, paddedForMaximum(pool), none, false))));
}

at::Tensor average(const Pool &pool, const at::Tensor &x, const Int64s &padding, bool ceil, bool padded,
    c10::optional<std::int64_t> divisor)
{
    const Window &window = pool.window;
    return x.dim() == 4 ? at::avg_pool2d(x, window.kernel, window.strides, padding, ceil, padded, divisor)
                        : at::avg_pool3d(x, window.kernel, window.strides, padding, ceil, padded, divisor);
}

OpValues averagePool(const OpCall &call)
{
    const Pool pool = poolOf(call, call.tensor(0));
    requirePooled(pool);
    if (!std::ranges::all_of(pool.window.dilations, [](std::int64_t dilation) { return dilation == 1; }))
        throw RunError("an average over a dilated window is not computed here");
    const bool countsPadding = call.node.integer("count_include_pad", 0) != 0;
    if (pool.isPlain())
        return oneValue(
            pool.finished(average(pool, pool.x, pool.window.before, pool.ceil, countsPadding, c10::nullopt)));
    // The sums of all windows, over how many of their elements count.
    const Int64s after = wholeAfter(pool), none(after.size(), 0);
    Int64s shape = pool.x.sizes().vec();
    shape[0] = shape[1] = 1;
    at::Tensor counted = at::ones(shape, pool.x.options());
    if (countsPadding) {
        const at::Tensor all = paddedBy(counted, pool.window.before, pool.window.after, 1);
        Int64s behind = after;
        for (std::size_t i = 0; i < behind.size(); ++i)
            behind[i] -= pool.window.after[i];
        counted = paddedBy(all, none, behind, 0);
    } else {
        counted = paddedBy(counted, pool.window.before, after, 0);
    }
    const at::Tensor padded = paddedBy(pool.x, pool.window.before, after, 0);
    return oneValue(
        pool.finished(average(pool, padded, none, false, true, 1) / average(pool, counted, none, false, true, 1)));
}

Int64s allSpatial(const at::Tensor &x)
{
    Int64s axes;
    for (std::int64_t axis = 2; axis < x.dim(); ++axis)
        axes.push_back(axis);
    if (axes.empty())
        throw RunError(fmt::format("its input has {} axes; batch, channels and at least one more are wanted", x.dim()));
    return axes;
}

OpValues globalAverage(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return oneValue(at::mean(x, allSpatial(x), true));
}

OpValues globalMaximum(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return oneValue(at::amax(x, allSpatial(x), true));
}

constexpr std::array kPoolingRows = {
    OpRow{"", "MaxPool", maxPool, CodesRole::Keeps, 1},
    OpRow{"qonnx.custom_op.channels_last", "MaxPool", maxPoolOfLast},
    OpRow{"", "AveragePool", averagePool},
    OpRow{"", "GlobalAveragePool", globalAverage},
    OpRow{"", "GlobalMaxPool", globalMaximum},
};

} // namespace

std::span<const OpRow> poolingOperators() { return kPoolingRows; }

} // namespace quantscope
