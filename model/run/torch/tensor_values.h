#pragma once

#include "tensor/tensor.h"

#include <ATen/core/TensorBody.h>

namespace quantscope {

/// A tensor of the file with its elements. Types that libtorch lacks become those that hold them: uint16 int32, uint32
/// and uint64 int64, the packed integers int8 or uint8, minifloats float32; torch's quantized types are quantized
/// tensors again, of which those of 4 bits and fewer are integers. Throws ParseError (bytes that are not there),
/// RunError (text).
at::Tensor tensorOf(const TensorInfo &info);

/// libtorch's type for it: the table of tensorOf.
at::ScalarType scalarTypeOf(DType dtype);

} // namespace quantscope
