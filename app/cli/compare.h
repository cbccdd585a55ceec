#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `compare`; returns the status of the process.
int run(CompareArguments arguments);

} // namespace quantscope::cli
