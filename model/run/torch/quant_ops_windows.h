#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// How QONNX and FINN lower a convolution: windows of an image as rows of a matrix, and what multiplies them.
std::span<const OpRow> windowOperators();

} // namespace quantscope
