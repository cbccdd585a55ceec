#include "dialects/vitis/xir_weights.h"

#include "base/checked.h"
#include "tensor/reshaped_view.h"
#include "tensor/turned_view.h"

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

/// Of [out][kernel][in]: the kernel's axes as PyTorch has them. XIR lays those of volumes as height, width, depth.
std::vector<std::size_t> kernelAxes(std::size_t rank)
{
    if (rank == 5)
        return {3, 1, 2};
    std::vector<std::size_t> axes;
    for (std::size_t axis = 1; axis + 1 < rank; ++axis)
        axes.push_back(axis);
    return axes;
}

std::vector<std::size_t> withKernel(std::size_t first, std::size_t second, std::size_t rank)
{
    std::vector<std::size_t> axes{first, second};
    std::ranges::copy(kernelAxes(rank), std::back_inserter(axes));
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
    if (planned.flattened.size() > 3) {
        return fmt::format(
            "shown as the file has it: in which order its {} were laid flat is not known", rows ? "columns" : "rows");
    }
    auto moved = channelsFirstColumns(*slot.tensor, planned.flattened, rows ? 1 : 0);
    if (!moved)
        return {};
    slot.tensor = std::move(moved);
    const auto &axes = planned.flattened;
    return fmt::format("stored with its {} as [{}], channels last; shown as PyTorch lays them flat, channels first",
        rows ? "columns" : "rows", fmt::join(axes, "]["));
}

std::string orderDepthwise(SlotQuantizer &slot, bool ofTensorFlow)
{
    const std::size_t rank = slot.shape.size();
    if (slot.shape[0] != 1 && ofTensorFlow) {
        slot.channelsLast = true;
        return "shown as the file has it, [multiplier][kernel][channel]: which output channel is which is not known";
    }
    const TensorInfo turned = permuted(*slot.tensor, withKernel(0, rank - 1, rank));
    Shape shape = turned.shape;
    shape[0] *= shape[1]; // both are axes of a tensor whose elements were counted
    shape[1] = 1;
    slot.tensor = reshapedView(turned, shape);
    return "stored as [multiplier][kernel][channel], as vai_q_pytorch divides the output channels; shown as "
           "[out][1][kernel]";
}

/// XIR convolves the dilated input, with the kernel turned around.
std::string orderTransposed(SlotQuantizer &slot)
{
    const std::size_t rank = slot.shape.size();
    const auto unturned = turnedView(*slot.tensor, 1, rank - 1);
    slot.tensor = std::make_shared<const TensorInfo>(permuted(*unturned, withKernel(rank - 1, 0, rank)));
    slot.channelAxis = 1;
    return "stored as [out][kernel][in] with the kernel turned around; shown as [in][out][kernel]";
}

std::string orderConvolution(SlotQuantizer &slot, const XirSlot &planned, bool ofTensorFlow)
{
    const std::size_t rank = slot.shape.size();
    if (rank < 3 || slot.tensor->count() == 0)
        return {};
    if (planned.op->weights == Weights::Depthwise)
        return orderDepthwise(slot, ofTensorFlow);
    if (planned.op->weights == Weights::Transposed)
        return orderTransposed(slot);
    const TensorInfo turned = permuted(*slot.tensor, withKernel(0, rank - 1, rank));
    if (planned.wasMatrix && turned.count() > 0 && slot.shape[0] > 0) {
        const auto columns = static_cast<std::int64_t>(turned.count()) / slot.shape[0];
        slot.tensor = reshapedView(turned, {slot.shape[0], columns});
        return "stored as a convolution, [out][h][w][c]; shown as the matrix that it was, [out][c*h*w]";
    }
    slot.tensor = std::make_shared<const TensorInfo>(turned);
    return "stored as [out][kernel][in]; shown as [out][in][kernel]";
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
        done = orderConvolution(slot, planned, graph.ofTensorFlow());
    slot.shape = slot.tensor->shape;
    return done;
}

} // namespace quantscope::vitis
