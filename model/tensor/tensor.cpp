#include "tensor/tensor.h"

#include "base/checked.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

std::uint64_t elementCount(std::span<const std::int64_t> shape, const Limits &limits)
{
    if (shape.size() > limits.rank)
        throw ParseError(fmt::format("a tensor of {} axes is beyond the limit of {}", shape.size(), limits.rank));
    std::uint64_t count = 1;
    bool empty = false;
    for (const std::int64_t size : shape) {
        if (size < 0)
            throw ParseError(fmt::format("a shape has the negative axis {}", size));
        empty = empty || size == 0;
        // A zero axis must not hide an absurd one: multiply as if it were 1.
        count = checkedMul(count, size == 0 ? 1 : static_cast<std::uint64_t>(size), "the element count of a shape");
        if (count > limits.elements)
            throw ParseError(fmt::format(
                "the element count of a shape ({}) is beyond the limit of {}", shapeText(shape), limits.elements));
    }
    return empty ? 0 : count;
}

std::vector<std::int64_t> contiguousStrides(std::span<const std::int64_t> shape)
{
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        strides[i] = step;
        step *= std::max<std::int64_t>(shape[i], 1);
    }
    return strides;
}

std::uint64_t TensorInfo::count() const
{
    try {
        return elementCount(shape);
    } catch (const ParseError &) {
        return 0;
    }
}

bool TensorInfo::isContiguous() const
{
    if (strides.empty())
        return true;
    const auto expected = contiguousStrides(shape);
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] > 1 && strides[i] != expected[i])
            return false;
    return true;
}

std::vector<float> readFloats(const TensorInfo &tensor, std::uint64_t maxElements)
{
    const std::uint64_t count = elementCount(tensor.shape);
    if (count > maxElements)
        throw ParseError(fmt::format("{} elements are more than the {} that are read at once", count, maxElements));
    TensorReader reader(tensor);
    std::vector<float> out(count);
    reader.floats(0, out);
    return out;
}

std::vector<std::int64_t> readIntegers(const TensorInfo &tensor, std::uint64_t maxElements)
{
    const std::uint64_t count = elementCount(tensor.shape);
    if (count > maxElements)
        throw ParseError(fmt::format("{} elements are more than the {} that are read at once", count, maxElements));
    TensorReader reader(tensor);
    std::vector<std::int64_t> out(count);
    reader.integers(0, out);
    return out;
}

} // namespace quantscope
