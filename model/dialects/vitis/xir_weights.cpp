#include "dialects/vitis/xir_weights.h"

#include "base/checked.h"
#include "tensor/reshaped_view.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace quantscope::vitis {

namespace {

using Weights = XirOperator::Weights;

/// The same elements with their axes in another order.
TensorInfo permuted(const TensorInfo &tensor, std::span<const std::size_t> axes)
{
    TensorInfo out = tensor;
    const std::vector<std::int64_t> strides = tensor.strides.empty() ? contiguousStrides(tensor.shape) : tensor.strides;
    out.strides.clear();
    out.shape.clear();
    for (const std::size_t axis : axes) {
        out.shape.push_back(tensor.shape[axis]);
        out.strides.push_back(strides[axis]);
    }
    return out;
}

/// out, kernel, in -> out, in, kernel.
std::vector<std::size_t> channelsFirstAxes(std::size_t rank)
{
    std::vector<std::size_t> axes{0, rank - 1};
    for (std::size_t axis = 1; axis + 1 < rank; ++axis)
        axes.push_back(axis);
    return axes;
}

/// A matrix whose columns (rows, when `columns` is 0) lie as h, w, c; null where they are not that many.
std::shared_ptr<const TensorInfo> channelsFirstColumns(
    const TensorInfo &matrix, const std::vector<std::int64_t> &flattened, std::size_t columns)
{
    std::uint64_t count = 1;
    for (const std::int64_t size : flattened)
        count = size < 1 ? 0 : checkedMul(count, static_cast<std::uint64_t>(size), "a flattened shape");
    if (matrix.shape.size() != 2 || static_cast<std::uint64_t>(matrix.shape[columns]) != count)
        return nullptr;
    TensorInfo unfolded = matrix;
    unfolded.shape = flattened;
    unfolded.shape.insert(columns == 1 ? unfolded.shape.begin() : unfolded.shape.end(), matrix.shape[1 - columns]);
    std::vector<std::size_t> axes(unfolded.shape.size());
    std::iota(axes.begin(), axes.end(), std::size_t{0});
    const std::ptrdiff_t begin = columns == 1 ? 1 : 0;
    const std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(flattened.size());
    std::rotate(axes.begin() + begin, axes.begin() + end - 1, axes.begin() + end);
    return reshapedView(permuted(unfolded, axes), matrix.shape);
}

std::string orderMatrix(SlotQuantizer &slot, const XirSlot &planned, const XirGraph &graph, NodeId compute)
{
    const bool rows = planned.op->weights == Weights::Rows || graph.node(compute).integer("transpose_b", 0) != 0;
    const std::size_t rank = slot.shape.size();
    slot.channelAxis = rows || rank < 2 ? 0 : static_cast<int>(rank) - 1;
    if (planned.flattened.empty())
        return {};
    auto moved = channelsFirstColumns(*slot.tensor, planned.flattened, rows ? 1 : 0);
    if (!moved)
        return {};
    slot.tensor = std::move(moved);
    const auto &axes = planned.flattened;
    return fmt::format("stored with its {} as [{}], channels last; shown as PyTorch lays them flat, channels first",
        rows ? "columns" : "rows", fmt::join(axes, "]["));
}

std::string orderConvolution(SlotQuantizer &slot, Weights weights, bool wasMatrix)
{
    const std::size_t rank = slot.shape.size();
    if (rank < 3)
        return {};
    if (weights == Weights::OutKernelIn) {
        const TensorInfo turned = permuted(*slot.tensor, channelsFirstAxes(rank));
        if (wasMatrix && turned.count() > 0 && slot.shape[0] > 0) {
            const auto columns = static_cast<std::int64_t>(turned.count()) / slot.shape[0];
            slot.tensor = reshapedView(turned, {slot.shape[0], columns});
            return "stored as a convolution, [out][h][w][c]; shown as the matrix that it was, [out][c*h*w]";
        }
        slot.tensor = std::make_shared<const TensorInfo>(turned);
        return "stored as [out][kernel][in]; shown as [out][in][kernel]";
    }
    if (weights == Weights::Depthwise && slot.shape[0] == 1) {
        std::vector<std::size_t> axes{rank - 1, 0};
        for (std::size_t axis = 1; axis + 1 < rank; ++axis)
            axes.push_back(axis);
        slot.tensor = std::make_shared<const TensorInfo>(permuted(*slot.tensor, axes));
        return "stored as [1][kernel][channel]; shown as [channel][1][kernel]";
    }
    slot.channelsLast = true;
    return "shown as the file has it, [out][kernel][in]";
}

} // namespace

std::string takeConstant(
    SlotQuantizer &slot, const XirSlot &planned, const XirGraph &graph, const std::shared_ptr<const ModelFile> &file)
{
    const auto index = graph.tensor(*planned.constant);
    if (!index)
        return {};
    const TensorInfo &tensor = file->tensors[*index];
    slot.tensorName = tensor.name;
    slot.shape = tensor.shape;
    slot.tensor = std::shared_ptr<const TensorInfo>(file, &tensor);
    std::string done;
    if (planned.op != nullptr && (planned.op->weights == Weights::Product || planned.op->weights == Weights::Rows))
        done = orderMatrix(slot, planned, graph, *planned.compute);
    else if (planned.op != nullptr && planned.op->kernelAxes > 0)
        done = orderConvolution(slot, planned.op->weights, planned.wasMatrix);
    slot.shape = slot.tensor->shape;
    return done;
}

} // namespace quantscope::vitis
