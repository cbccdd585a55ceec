#pragma once

#include "tensor/dtype.h"

#include <cstdint>
#include <string_view>

namespace quantscope {

/// TensorProto.DataType by its number (onnx.proto, IR version 13); Unknown for 0 and for numbers that it does not
/// define.
DType dtypeFromOnnx(std::uint64_t number);
/// By its name there ("FLOAT", "INT64"), as the first operator sets write types in attributes.
DType dtypeFromOnnx(std::string_view name);

} // namespace quantscope
