#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Reductions of ONNX.
std::span<const OpRow> reductionOperators();

} // namespace quantscope
