#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Orders, running sums and triangles of ONNX.
std::span<const OpRow> sortingOperators();

} // namespace quantscope
