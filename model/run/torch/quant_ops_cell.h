#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Brevitas' QuantLSTMCell.
std::span<const OpRow> quantCellOperators();

} // namespace quantscope
