#pragma once

#include "checks/rule.h"

namespace quantscope {

/// "accumulator-overflow": layers whose sums need more bits than they have. Layers whose sums are not known are left
/// open.
std::span<const Rule> accumulatorRules();

} // namespace quantscope
