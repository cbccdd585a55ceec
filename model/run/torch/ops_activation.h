#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Activations and softmax of ONNX.
std::span<const OpRow> activationOperators();

} // namespace quantscope
