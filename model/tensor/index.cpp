#include "tensor/index.h"

#include <algorithm>

namespace quantscope {

std::uint64_t flatIndex(std::span<const std::int64_t> index, std::span<const std::int64_t> shape)
{
    std::uint64_t flat = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
        flat = flat * static_cast<std::uint64_t>(shape[axis]) + static_cast<std::uint64_t>(index[axis]);
    return flat;
}

std::vector<std::int64_t> unflatten(std::uint64_t flat, std::span<const std::int64_t> shape)
{
    std::vector<std::int64_t> index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[axis], 1));
        index[axis] = static_cast<std::int64_t>(flat % size);
        flat /= size;
    }
    return index;
}

} // namespace quantscope
