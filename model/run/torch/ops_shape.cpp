#include "run/torch/ops_shape.h"

#include "run/torch/op_arguments.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

namespace {

at::Tensor integersTensor(const Int64s &numbers)
{
    return at::tensor(c10::IntArrayRef(numbers), at::TensorOptions(at::kLong));
}

OpValues identity(const OpCall &call) { return {call.inputs.empty() ? c10::IValue() : call.inputs[0]}; }

OpValues reshaped(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Int64s shape = integersOf(call, "shape", 1);
    const bool keepsZeros = call.node.integer("allowzero", 0) != 0;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 0 && !keepsZeros) {
            if (static_cast<std::int64_t>(i) >= x.dim())
                throw RunError(fmt::format("its shape takes over axis {} of a tensor with {} axes", i, x.dim()));
            shape[i] = x.size(static_cast<std::int64_t>(i));
        }
    return oneValue(x.reshape(shape));
}

OpValues flattened(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t given = call.node.integer("axis", 1);
    const std::int64_t axis = given == x.dim() ? given : axisOf(given, x.dim());
    std::int64_t rows = 1, columns = 1;
    for (std::int64_t i = 0; i < x.dim(); ++i)
        (i < axis ? rows : columns) *= x.size(i);
    return oneValue(x.reshape({rows, columns}));
}

OpValues squeezed(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    if (!isGiven(call, 1) && call.node.attribute("axes") == nullptr)
        return oneValue(x.squeeze());
    Int64s axes = axesOf(integersOf(call, "axes", 1), x.dim());
    std::ranges::sort(axes, std::greater());
    for (const std::int64_t axis : axes) {
        if (axis >= x.dim() || x.size(axis) != 1)
            throw RunError(fmt::format("axis {} is not of size 1", axis));
        x = x.squeeze(axis);
    }
    return oneValue(x);
}

OpValues unsqueezed(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    const Int64s given = integersOf(call, "axes", 1);
    Int64s axes = axesOf(given, x.dim() + static_cast<std::int64_t>(given.size()));
    std::ranges::sort(axes);
    for (const std::int64_t axis : axes)
        x = x.unsqueeze(axis);
    return oneValue(x);
}

OpValues transposed(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Int64s order(static_cast<std::size_t>(x.dim()));
    std::iota(order.rbegin(), order.rend(), 0);
    return oneValue(x.permute(integersAttribute(call, "perm", order)));
}

OpValues expanded(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Int64s shape = integersArgument(call, 1);
    while (static_cast<std::int64_t>(shape.size()) < x.dim())
        shape.insert(shape.begin(), 1);
    for (std::int64_t back = 1; back <= x.dim(); ++back) // sizes broadcast both ways
        if (std::int64_t &size = shape[shape.size() - static_cast<std::size_t>(back)]; size == 1)
            size = x.size(-back);
    requireElements(shape);
    return oneValue(x.expand(shape));
}

OpValues tiled(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const Int64s repeats = integersArgument(call, 1);
    if (static_cast<std::int64_t>(repeats.size()) != x.dim())
        throw RunError(fmt::format("it repeats {} axes of a tensor with {}", repeats.size(), x.dim()));
    requireSizes(repeats, 0, "a number of repeats");
    Int64s shape;
    for (std::size_t i = 0; i < repeats.size(); ++i) {
        requireElements(std::array{x.size(static_cast<std::int64_t>(i)), repeats[i]});
        shape.push_back(x.size(static_cast<std::int64_t>(i)) * repeats[i]);
    }
    requireElements(shape);
    return oneValue(x.repeat(repeats));
}

OpValues shapeOfTensor(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const auto bound = [&](std::string_view name, std::int64_t missing) {
        const std::int64_t given = call.node.integer(name, missing);
        return std::clamp<std::int64_t>(given < 0 ? given + x.dim() : given, 0, x.dim());
    };
    const std::int64_t first = bound("start", 0), last = std::max(first, bound("end", x.dim()));
    return oneValue(integersTensor({x.sizes().begin() + first, x.sizes().begin() + last}));
}

OpValues sizeOfTensor(const OpCall &call) { return oneValue(integersTensor({call.tensor(0).numel()}).reshape({})); }

/// N, C, H, W: the channels of a block become its rows and columns, or the other way round.
OpValues depthToSpace(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t block = call.node.integer("blocksize", 0);
    if (x.dim() != 4 || block < 1 || block > x.size(1) || x.size(1) % (block * block) != 0)
        throw RunError(fmt::format("a tensor of shape {} has no blocks of {}", fmt::join(x.sizes(), "x"), block));
    const std::int64_t n = x.size(0), c = x.size(1) / (block * block), h = x.size(2), w = x.size(3);
    if (textAttribute(call, "mode", "DCR") == "CRD")
        return oneValue(
            x.reshape({n, c, block, block, h, w}).permute({0, 1, 4, 2, 5, 3}).reshape({n, c, h * block, w * block}));
    return oneValue(
        x.reshape({n, block, block, c, h, w}).permute({0, 3, 4, 1, 5, 2}).reshape({n, c, h * block, w * block}));
}

OpValues spaceToDepth(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t block = call.node.integer("blocksize", 0);
    if (x.dim() != 4 || block < 1 || block > x.size(2) || x.size(2) % block != 0 || x.size(3) % block != 0)
        throw RunError(fmt::format("a tensor of shape {} has no blocks of {}", fmt::join(x.sizes(), "x"), block));
    const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2) / block, w = x.size(3) / block;
    return oneValue(
        x.reshape({n, c, h, block, w, block}).permute({0, 3, 5, 1, 2, 4}).reshape({n, c * block * block, h, w}));
}

constexpr std::array kShapeRows = {
    OpRow{"", "Identity", identity, CodesRole::Keeps, 1},
    OpRow{"", "Reshape", reshaped, CodesRole::Keeps, 1},
    OpRow{"", "Flatten", flattened, CodesRole::Keeps, 1},
    OpRow{"", "Squeeze", squeezed, CodesRole::Keeps, 1},
    OpRow{"", "Unsqueeze", unsqueezed, CodesRole::Keeps, 1},
    OpRow{"", "Transpose", transposed, CodesRole::Keeps, 1},
    OpRow{"", "Expand", expanded},
    OpRow{"", "Tile", tiled},
    OpRow{"", "Shape", shapeOfTensor},
    OpRow{"", "Size", sizeOfTensor},
    OpRow{"", "DepthToSpace", depthToSpace},
    OpRow{"", "SpaceToDepth", spaceToDepth},
};

} // namespace

std::span<const OpRow> shapeOperators() { return kShapeRows; }

} // namespace quantscope
