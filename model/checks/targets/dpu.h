#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What the DPU takes of a model, and what it would compute differently.
std::span<const Rule> dpuRules();

} // namespace quantscope
