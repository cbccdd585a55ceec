#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What FINN takes of a model, and what it would compute differently.
std::span<const Rule> finnRules();

} // namespace quantscope
