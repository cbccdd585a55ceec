#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Comparisons, logic, choices and conversions of ONNX.
std::span<const OpRow> comparisonOperators();

} // namespace quantscope
