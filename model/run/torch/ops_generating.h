#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX operators that make tensors of a shape.
std::span<const OpRow> generatingOperators();

} // namespace quantscope
