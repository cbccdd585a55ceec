#include "run/torch/ops_padding.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Elements before and behind each axis of the data; negative ones cut.
struct Pads {
    Int64s before, after;
};

Pads padsOf(const OpCall &call, std::int64_t rank)
{
    Int64s given = integersOf(call, "pads", 1);
    if (given.empty())
        given = integersAttribute(call, "paddings"); // its name in opset 1
    Int64s axes;
    if (isGiven(call, 3))
        axes = axesOf(integersArgument(call, 3), rank);
    else
        for (std::int64_t axis = 0; axis < rank; ++axis)
            axes.push_back(axis);
    if (given.size() != 2 * axes.size())
        throw RunError(fmt::format("it has {} paddings for {} axes", given.size(), axes.size()));
    Pads pads{Int64s(static_cast<std::size_t>(rank), 0), Int64s(static_cast<std::size_t>(rank), 0)};
    requireSizes(given, -(std::int64_t{1} << 31), "a padding");
    for (std::size_t i = 0; i < axes.size(); ++i) {
        pads.before[static_cast<std::size_t>(axes[i])] = given[i];
        pads.after[static_cast<std::size_t>(axes[i])] = given[axes.size() + i];
    }
    return pads;
}

/// Which element of an axis stands at each place of the padded one.
at::Tensor sourcesOf(std::int64_t size, std::int64_t before, std::int64_t after, const std::string &mode)
{
    const at::Tensor places = at::arange(-before, size + after, at::TensorOptions(at::kLong));
    if (mode == "edge")
        return places.clamp(0, size - 1);
    if (mode == "wrap")
        return places.remainder(size);
    if (size == 1)
        return places.clamp(0, 0);
    const std::int64_t period = 2 * (size - 1); // reflected at the edges, which do not repeat
    const at::Tensor within = places.remainder(period);
    return within.minimum(period - within);
}

OpValues padded(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    const std::string mode = textAttribute(call, "mode", "constant");
    const Pads pads = padsOf(call, x.dim());
    Int64s shape;
    for (std::int64_t axis = 0; axis < x.dim(); ++axis)
        shape.push_back(
            x.size(axis) + pads.before[static_cast<std::size_t>(axis)] + pads.after[static_cast<std::size_t>(axis)]);
    requireElements(shape);
    if (mode == "constant") {
        const at::Scalar value
            = isGiven(call, 2) ? call.tensor(2).reshape({}).item() : at::Scalar(realAttribute(call, "value", 0));
        Int64s reversed;
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            reversed.push_back(pads.before[axis]);
            reversed.push_back(pads.after[axis]);
        }
        return oneValue(at::constant_pad_nd(x, reversed, value));
    }
    if (mode != "reflect" && mode != "edge" && mode != "wrap")
        throw RunError(fmt::format("its mode '{}' is not known", mode));
    for (std::int64_t axis = 0; axis < x.dim(); ++axis) {
        const std::int64_t before = pads.before[static_cast<std::size_t>(axis)];
        const std::int64_t after = pads.after[static_cast<std::size_t>(axis)];
        if (before == 0 && after == 0)
            continue;
        if (x.size(axis) == 0)
            throw RunError("it repeats elements of an axis that has none");
        x = x.index_select(axis, sourcesOf(x.size(axis), before, after, mode));
    }
    return oneValue(x);
}

/// FINN's FMPadding: N, H, W, C with zeros around; Padding is top, left, bottom, right.
OpValues paddedFeatureMap(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const Int64s pads = integersAttribute(call, "Padding", {1, 1, 1, 1});
    requireSizes(pads, 0, "a padding");
    if (x.dim() != 4 || pads.size() != 4)
        throw RunError(fmt::format("it has {} paddings for a tensor of {} axes", pads.size(), x.dim()));
    requireElements(std::array{x.size(0), x.size(1) + pads[0] + pads[2], x.size(2) + pads[1] + pads[3], x.size(3)});
    return oneValue(at::constant_pad_nd(x, {0, 0, pads[1], pads[3], pads[0], pads[2]}, 0));
}

constexpr std::array kPaddingRows = {
    OpRow{"", "Pad", padded},
    OpRow{"finn.custom_op.fpgadataflow", "FMPadding_Batch", paddedFeatureMap},
};

} // namespace

std::span<const OpRow> paddingOperators() { return kPaddingRows; }

} // namespace quantscope
