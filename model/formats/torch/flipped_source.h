#pragma once

#include "tensor/tensor.h"

namespace quantscope {

enum class Flip {
    Negative, ///< torch's neg bit: every element changes its sign
    Conjugate, ///< torch's conj bit: the imaginary halves do
};

/// The same storage with changed signs, computed while it is read. Types that have no sign or no imaginary part under
/// Conjugate come back as they are.
Storage flipped(const Storage &storage, DType dtype, Flip flip);

} // namespace quantscope
