#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What the file, its recipe, its exports and its data said when they were read, as findings: under the ids that
/// scripts rely on, with what to do. Diagnostics that rules of their own say better are left to them.
void takeDiagnostics(const CheckFacts &facts, Findings &out);

/// How many of the diagnostics that the recipe mutes in the inspection would not have been findings: rules say them, as
/// they say `muted`, which the recipe mutes too.
std::size_t mutedForRules(const CheckFacts &facts, const std::vector<Finding> &muted);

} // namespace quantscope
