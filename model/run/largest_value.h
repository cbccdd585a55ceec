#pragma once

#include <cstddef>
#include <span>

namespace quantscope {

/// Where the largest number stands, the first of equals; what is no number counts as the largest, as for torch.argmax
/// and numpy.argmax. Precondition: not empty.
std::size_t placeOfLargest(std::span<const float> values);

} // namespace quantscope
