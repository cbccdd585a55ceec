#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Padding of ONNX and FINN.
std::span<const OpRow> paddingOperators();

} // namespace quantscope
