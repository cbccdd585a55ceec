#pragma once

#include "run/torch/op_table.h"

#include <ATen/core/Tensor.h>

namespace quantscope {

/// Of hardware layers: input 2 are the thresholds of what is computed, channels last; without an activation that
/// itself.
at::Tensor activatedByThresholds(const OpCall &call, const at::Tensor &x);

/// FINN's MultiThreshold, and its hardware layers of a matrix with thresholds behind.
std::span<const OpRow> finnOperators();

} // namespace quantscope
