#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// LSTM, GRU and RNN of ONNX.
std::span<const OpRow> recurrentOperators();

} // namespace quantscope
