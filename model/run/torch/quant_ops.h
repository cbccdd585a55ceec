#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// What quantizes: nodes whose codes come from QuantScope's own kernels. QONNX's Quant, BipolarQuant and Trunc.
std::span<const OpRow> quantOperators();

} // namespace quantscope
