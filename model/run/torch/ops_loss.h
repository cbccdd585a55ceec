#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// Losses, which graphs have that were exported as they train.
std::span<const OpRow> lossOperators();

} // namespace quantscope
