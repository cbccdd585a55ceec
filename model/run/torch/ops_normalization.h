#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Normalizations of ONNX.
std::span<const OpRow> normalizationOperators();

} // namespace quantscope
