#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// FINN's MultiThreshold, and its hardware layers of a matrix with thresholds behind.
std::span<const OpRow> finnOperators();

} // namespace quantscope
