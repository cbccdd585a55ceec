#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Pools of ONNX, also with channels last (QONNX).
std::span<const OpRow> poolingOperators();

} // namespace quantscope
