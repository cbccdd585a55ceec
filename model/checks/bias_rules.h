#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What holds of biases for every target: "bias-8bit", "bias-int32-clip", and "all-zero" where power-of-two scaling of
/// zeros gives NaN.
std::span<const Rule> biasRules();

} // namespace quantscope
