#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Operators of torch.ao that round what they compute within themselves, and the objects that hold their parameters.
/// Their codes are libtorch's own; where another quantizer stands before or behind them they compute with floats.
std::span<const OpRow> packedOperators();

} // namespace quantscope
