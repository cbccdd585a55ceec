#pragma once

#include "tensor/dtype.h"

#include <cstdint>

namespace quantscope {

/// TensorProto.DataType by its number (onnx.proto, IR version 13); Unknown for 0 and for numbers that it does not
/// define.
DType dtypeFromOnnx(std::uint64_t number);

} // namespace quantscope
