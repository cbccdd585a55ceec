#pragma once

#include "checks/rule.h"

#include <span>
#include <vector>

namespace quantscope {

/// The rules that are looked at for a target, its own behind those that hold for every target.
std::vector<std::span<const Rule>> rulesFor(std::optional<Target> target);

/// Looks at all of them, under the recipe's [checks]. `inspection` has the statistics of every channel where rules on
/// channels are to say anything (InspectOptions::channels).
/// `accumulators`: of the same network, null where nobody looked at them.
CheckResult check(
    const Inspection &inspection, std::optional<Target> target = {}, const Accumulators *accumulators = nullptr);

} // namespace quantscope
