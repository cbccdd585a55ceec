#include "network/align_slot.h"

#include "tensor/transposed_tensor.h"

#include <algorithm>

namespace quantscope {

namespace {

using Axis = std::optional<std::size_t>;

Shape withoutOnes(Shape shape)
{
    std::erase(shape, 1);
    return shape;
}

/// Where an axis of one shape stands in another that differs in axes of one element; a matrix's other axis when it is
/// transposed.
Axis axisWithin(const Shape &from, const Shape &to, std::size_t axis, bool transposed)
{
    if (transposed)
        return axis < 2 ? Axis(1 - axis) : std::nullopt;
    if (from == to)
        return axis;
    if (axis >= from.size() || from[axis] == 1)
        return std::nullopt;
    const auto before = std::count_if(
        from.begin(), from.begin() + static_cast<std::ptrdiff_t>(axis), [](std::int64_t size) { return size != 1; });
    std::ptrdiff_t seen = 0;
    for (std::size_t i = 0; i < to.size(); ++i)
        if (to[i] != 1 && seen++ == before)
            return i;
    return std::nullopt;
}

bool place(std::optional<Granular> &granular, const Shape &from, const Shape &to, bool transposed)
{
    if (!granular || granular->perTensor() || (from == to && !transposed))
        return true;
    const Axis axis = granular->axis && *granular->axis >= 0
        ? axisWithin(from, to, static_cast<std::size_t>(*granular->axis), transposed)
        : std::nullopt;
    if (!axis || *axis >= to.size() || to[*axis] != static_cast<std::int64_t>(granular->values.size()))
        return false;
    granular->axis = static_cast<int>(*axis);
    granular->shape.assign(to.size(), 1);
    granular->shape[*axis] = to[*axis];
    return true;
}

std::shared_ptr<const TensorInfo> viewed(const TensorInfo &tensor, const Shape &shape, bool transposed)
{
    if (transposed)
        return transposedTensor(tensor);
    if (!tensor.isContiguous())
        return nullptr;
    TensorInfo out = tensor;
    out.shape = shape;
    out.strides.clear();
    return std::make_shared<const TensorInfo>(std::move(out));
}

/// The last axis becomes the second.
template <class T> void moveLastToSecond(std::vector<T> &perAxis)
{
    if (perAxis.size() > 2)
        std::rotate(perAxis.begin() + 1, perAxis.end() - 1, perAxis.end());
}

/// A convolution's weight in the order of PyTorch: out, in, kernel.
SlotQuantizer channelsFirst(const SlotQuantizer &last)
{
    SlotQuantizer out = last;
    out.channelsLast = false;
    if (!last.tensor || last.shape.size() < 3 || last.tensor->shape != last.shape)
        return out;
    TensorInfo view = *last.tensor;
    if (view.strides.empty())
        view.strides = contiguousStrides(view.shape);
    moveLastToSecond(view.shape);
    moveLastToSecond(view.strides);
    out.shape = view.shape;
    out.tensor = std::make_shared<const TensorInfo>(std::move(view));
    if (!out.quantizer)
        return out;
    Quantizer &q = *out.quantizer;
    const auto rank = static_cast<int>(last.shape.size());
    for (std::optional<Granular> *granular : {&q.scale, &q.zeroPoint, &q.divisor, &q.shift})
        if (*granular && !(*granular)->perTensor() && (*granular)->axis) {
            const int axis = *(*granular)->axis;
            moveLastToSecond((*granular)->shape);
            (*granular)->axis = axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
        }
    return out;
}

} // namespace

std::optional<SlotQuantizer> alignedTo(const SlotQuantizer &stored, const Shape &shape, bool transposed)
{
    const SlotQuantizer theirs = stored.channelsLast ? channelsFirst(stored) : stored;
    const Shape &from = theirs.shape;
    const bool fits = transposed ? from.size() == 2 && shape.size() == 2 && from[0] == shape[1] && from[1] == shape[0]
                                 : from == shape || withoutOnes(from) == withoutOnes(shape);
    if (!fits || !theirs.tensor || theirs.tensor->shape != from)
        return std::nullopt;
    if (from == shape && !transposed)
        return theirs;
    SlotQuantizer out = theirs;
    out.shape = shape;
    out.tensor = viewed(*theirs.tensor, shape, transposed);
    if (!out.tensor)
        return std::nullopt;
    if (theirs.channelAxis >= 0)
        out.channelAxis = static_cast<int>(
            axisWithin(from, shape, static_cast<std::size_t>(theirs.channelAxis), transposed).value_or(0));
    if (!out.quantizer)
        return out;
    Quantizer &q = *out.quantizer;
    if (q.blockSize)
        return std::nullopt;
    for (std::optional<Granular> *granular : {&q.scale, &q.zeroPoint, &q.divisor, &q.shift})
        if (!place(*granular, from, shape, transposed))
            return std::nullopt;
    return out;
}

} // namespace quantscope
