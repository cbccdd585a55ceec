#pragma once

#include "analysis/inspection.h"
#include "base/progress.h"
#include "checks/accumulators.h"
#include "checks/finding.h"

#include <string>

namespace quantscope {

/// One page that needs nothing beside it: no script, no picture or style from elsewhere. What check() says, problems,
/// layers, ranges of accumulators, every quantizer with the origin of its fields, and charts as inline SVG. The same
/// model gives the same bytes. Texts of the file are escaped. Errors: Cancelled.
Result<std::string> htmlReport(const Inspection &inspection, const CheckResult &checked,
    const Accumulators &accumulators, const Progress &progress = {});

} // namespace quantscope
