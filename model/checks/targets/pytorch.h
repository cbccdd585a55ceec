#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What PyTorch's quantized operators takes of a model, and what it would compute differently.
std::span<const Rule> pytorchRules();

} // namespace quantscope
