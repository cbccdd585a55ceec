#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `report`: writes one HTML page; returns the status of the process.
int run(const ReportArguments &arguments);

} // namespace quantscope::cli
