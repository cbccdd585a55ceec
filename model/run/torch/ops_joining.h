#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX operators that join and cut tensors.
std::span<const OpRow> joiningOperators();

} // namespace quantscope
