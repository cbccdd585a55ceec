#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What fixed-point types of HLS takes of a model, and what it would compute differently.
std::span<const Rule> hlsRules();

} // namespace quantscope
