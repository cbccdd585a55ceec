#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX Runtime's product with a matrix whose codes are packed in blocks.
std::span<const OpRow> blockOperators();

} // namespace quantscope
