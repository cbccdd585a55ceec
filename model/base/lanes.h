#pragma once

#include <cstdint>
#include <cstring>

namespace quantscope {

// Vectors of a fixed width, by the extension that GCC and clang share: the compiler splits them for narrower machines,
// so lane i always holds the same elements and a sum over lanes is the same on every CPU.
using Float8 = float __attribute__((vector_size(32)));
using Int8Lanes = std::int32_t __attribute__((vector_size(32)));
using Double8 = double __attribute__((vector_size(64)));
using Long8 = std::int64_t __attribute__((vector_size(64)));

inline constexpr std::size_t kLanes = 8;

} // namespace quantscope

// Macros, not functions: passing such vectors by value depends on the instruction set of the caller.
#define QUANTSCOPE_LOAD8(vector, from) std::memcpy(&(vector), (from), sizeof(vector))
#define QUANTSCOPE_STORE8(to, vector) std::memcpy((to), &(vector), sizeof(vector))
