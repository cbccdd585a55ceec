#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Arithmetic of ONNX, element by element.
std::span<const OpRow> elementwiseOperators();

} // namespace quantscope
