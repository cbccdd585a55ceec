#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Operators that compute with codes: QLinearConv and its kin, MatMulInteger and ConvInteger, and those of ONNX
/// Runtime.
std::span<const OpRow> integerOperators();

} // namespace quantscope
