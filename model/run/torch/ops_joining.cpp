#include "run/torch/ops_joining.h"

#include "run/torch/op_arguments.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

OpValues concatenated(const OpCall &call)
{
    std::vector<at::Tensor> parts;
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
        parts.push_back(call.tensor(i));
    if (parts.empty())
        throw RunError("it joins nothing");
    return oneValue(at::cat(parts, axisOf(call.node.integer("axis", 1), parts[0].dim())));
}

/// Equal parts, the last of which may be smaller.
Int64s equalParts(std::int64_t size, std::int64_t count)
{
    if (count < 1)
        throw RunError("it has no outputs");
    const std::int64_t part = (size + count - 1) / count;
    Int64s out(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = std::clamp<std::int64_t>(size - static_cast<std::int64_t>(i) * part, 0, part);
    return out;
}

OpValues splitUp(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    Int64s sizes = integersOf(call, "split", 1);
    if (sizes.empty())
        sizes = equalParts(x.size(axis), static_cast<std::int64_t>(call.node.outputs.size()));
    OpValues out;
    for (const at::Tensor &part : x.split_with_sizes(sizes, axis))
        out.emplace_back(part);
    return out;
}

/// What of an axis a slice takes: `step` may be negative.
struct SliceOfAxis {
    std::int64_t axis, start, end, step;
};

std::vector<SliceOfAxis> slicesOf(const OpCall &call, std::int64_t rank)
{
    const Int64s starts = integersOf(call, "starts", 1), ends = integersOf(call, "ends", 2);
    Int64s axes = integersOf(call, "axes", 3), steps = isGiven(call, 4) ? integersArgument(call, 4) : Int64s();
    if (axes.empty())
        for (std::size_t i = 0; i < starts.size(); ++i)
            axes.push_back(static_cast<std::int64_t>(i));
    if (steps.empty())
        steps.assign(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
        throw RunError(fmt::format(
            "it has {} starts, {} ends, {} axes and {} steps", starts.size(), ends.size(), axes.size(), steps.size()));
    std::vector<SliceOfAxis> out;
    for (std::size_t i = 0; i < starts.size(); ++i)
        out.push_back({axisOf(axes[i], rank), starts[i], ends[i], steps[i]});
    return out;
}

at::Tensor sliceOfAxis(const at::Tensor &x, SliceOfAxis slice)
{
    const std::int64_t size = x.size(slice.axis);
    if (slice.step == 0 || slice.step == std::numeric_limits<std::int64_t>::min())
        throw RunError(fmt::format("its step is {}", slice.step));
    const std::int64_t least = slice.step > 0 ? 0 : -1, most = slice.step > 0 ? size : size - 1;
    const auto bounded
        = [&](std::int64_t place) { return std::clamp<std::int64_t>(place < 0 ? place + size : place, least, most); };
    const std::int64_t start = bounded(slice.start), end = bounded(slice.end);
    if (slice.step > 0)
        return x.slice(slice.axis, start, std::max(start, end), slice.step);
    if (end >= start)
        return x.slice(slice.axis, 0, 0, 1);
    return x.index_select(slice.axis, at::arange(start, end, slice.step, at::TensorOptions(at::kLong)));
}

OpValues sliced(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    for (const SliceOfAxis &slice : slicesOf(call, x.dim()))
        x = sliceOfAxis(x, slice);
    return oneValue(x);
}

OpValues copied(const OpCall &call) { return OpValues(call.node.outputs.size(), call.tensor(0)); }

constexpr std::array kJoiningRows = {
    OpRow{"", "Concat", concatenated},
    OpRow{"", "Split", splitUp, CodesRole::Keeps, 1},
    OpRow{"", "Slice", sliced, CodesRole::Keeps, 1},
    OpRow{"finn.custom_op.fpgadataflow", "DuplicateStreams_Batch", copied},
    OpRow{"finn.custom_op.fpgadataflow.hls", "DuplicateStreams_hls", copied},
};

} // namespace

std::span<const OpRow> joiningOperators() { return kJoiningRows; }

} // namespace quantscope
