#pragma once

#include "analysis/inspection.h"
#include "checks/accumulators.h"
#include "checks/finding.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace quantscope {

/// "FINN refuses this model: 3 errors, 2 warnings, 1 note, 4 muted"; "FINN takes this model, as far as is checked".
std::string checkSummary(const CheckResult &result);
/// "error: ... [rule]", and below it what to do and where the rule comes from; ends with a line break.
std::string findingText(const Finding &finding);
/// Rules that could not be looked at, by the reason, in the order in which they came.
struct UncheckedRules {
    std::string why;
    std::vector<std::string> rules;
};
std::vector<UncheckedRules> byReason(const std::vector<UncheckedRule> &unchecked);
/// For people: the summary, the findings with what to do, what is not checked, and what the sums reach.
std::string checkText(const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators);
/// Schema 1 of `check --json`.
nlohmann::ordered_json checkJson(
    const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators);

} // namespace quantscope
