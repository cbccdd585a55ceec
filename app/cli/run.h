#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `run`; returns the status of the process.
int run(const RunArguments &arguments);

} // namespace quantscope::cli
