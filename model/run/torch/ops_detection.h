#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Boxes that detectors find.
std::span<const OpRow> detectionOperators();

} // namespace quantscope
