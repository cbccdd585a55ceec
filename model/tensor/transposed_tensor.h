#pragma once

#include "tensor/tensor.h"

#include <memory>

namespace quantscope {

/// A matrix with its axes changed. Its bytes are read in bands of rows, of which one is kept: element by element a
/// large matrix would cost a read each. Reading from several threads is safe. What is not contiguous, or whose elements
/// are smaller than a byte, is viewed through strides. Precondition: two axes.
std::shared_ptr<const TensorInfo> transposedTensor(const TensorInfo &matrix);

} // namespace quantscope
