#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX operators that pick elements by index.
std::span<const OpRow> indexingOperators();

} // namespace quantscope
