#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX operators that change a shape alone.
std::span<const OpRow> shapeOperators();

} // namespace quantscope
