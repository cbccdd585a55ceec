#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What hls4ml takes of a model, and what it would compute differently.
std::span<const Rule> hls4mlRules();

} // namespace quantscope
