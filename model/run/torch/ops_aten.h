#pragma once

#include "run/torch/op_table.h"

namespace quantscope {

/// libtorch's own operators, as TorchScript names them.
std::span<const OpRow> atenOperators();
std::span<const OpRow> quantizedOperators();

} // namespace quantscope
