#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX operators that put elements at an index.
std::span<const OpRow> scatterOperators();

} // namespace quantscope
