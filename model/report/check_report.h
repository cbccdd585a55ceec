#pragma once

#include "analysis/inspection.h"
#include "checks/accumulators.h"
#include "checks/finding.h"

#include <string>

#include <nlohmann/json.hpp>

namespace quantscope {

/// "FINN refuses this model: 3 errors, 2 warnings, 1 note, 4 muted"; "FINN takes this model, as far as is checked".
std::string checkSummary(const CheckResult &result);
/// For people: the summary, the findings with what to do, what is not checked, and what the sums reach.
std::string checkText(const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators);
/// Schema 1 of `check --json`.
nlohmann::ordered_json checkJson(
    const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators);

} // namespace quantscope
