#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `codes`; returns the status of the process.
int run(const CodesArguments &arguments);

} // namespace quantscope::cli
