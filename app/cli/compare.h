#pragma once

#include "command_line.h"

#include <string>
#include <utility>

namespace quantscope::cli {

/// "2:8", or "4" for one width. Errors (Usage).
Result<std::pair<int, int>> sweepWidths(const std::string &text);

/// The word `compare`; returns the status of the process.
int run(CompareArguments arguments);

} // namespace quantscope::cli
