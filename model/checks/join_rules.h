#pragma once

#include "checks/rule.h"

namespace quantscope {

/// "scales-differ": joins whose inputs disagree, with the quantizer to share; "shared-suspected": joins whose inputs
/// agree, though by quantizers that nothing says are one. What is not known of a join is left open.
std::span<const Rule> joinRules();

} // namespace quantscope
