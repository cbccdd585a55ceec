#pragma once

#include "tensor/tensor.h"

#include <functional>

namespace quantscope {

/// Elements of a strided view that follow each other in row-major order and are a box of it: a range along one axis,
/// all of the axes behind it, one place of those before.
struct GatherBand {
    std::uint64_t begin = 0, count = 0; ///< row-major
    std::size_t axis = 0; ///< along which it is a range
};

/// The band that holds an element, of at most `most` elements: bands of one `most` part a shape. Precondition: the
/// element is one of the shape's; `most` > 0.
GatherBand bandAround(std::span<const std::int64_t> shape, std::uint64_t element, std::uint64_t most);

/// Fills `out` with the bytes of a band's elements, row-major. `read` fills bytes from an offset into the storage; it
/// is asked in the order of the storage, which a compressed one can be read in once. Precondition: strides, elements
/// of whole bytes, `out` as large as the band. Throws ParseError where the view leaves its storage.
void gatherBand(const TensorInfo &tensor, const GatherBand &band,
    const std::function<void(std::uint64_t offset, std::span<std::byte> out)> &read, std::span<std::byte> out);

} // namespace quantscope
