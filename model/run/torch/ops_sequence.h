#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// ONNX' operators of sequences, which are lists of tensors.
std::span<const OpRow> sequenceOperators();

} // namespace quantscope
