#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Resize and Upsample of ONNX.
std::span<const OpRow> resizeOperators();

} // namespace quantscope
