#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `export`; returns the status of the process.
int run(const ExportArguments &arguments);

} // namespace quantscope::cli
