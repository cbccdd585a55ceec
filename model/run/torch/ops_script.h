#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// What TorchScript's code does with values, and packed parameters.
std::span<const OpRow> scriptOperators();

} // namespace quantscope
