#pragma once

#include <cstdint>

namespace quantscope {

/// Bounds the memory of all tensors together: an operator that asks for more throws std::bad_alloc, and what it made
/// goes. 0: three quarters of the machine's, unless a limit is set. A network of a few bytes can ask for more than any
/// machine has.
void limitTensorMemory(std::uint64_t bytes = 0);

/// Bytes that tensors hold now, as far as they were made under the limit.
std::uint64_t tensorMemory();

} // namespace quantscope
