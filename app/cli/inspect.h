#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `inspect`; returns the status of the process.
int run(const InspectArguments &arguments);

} // namespace quantscope::cli
