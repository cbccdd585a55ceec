#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `check`; returns the status of the process: 1 when a finding is an error.
int run(const CheckArguments &arguments);

} // namespace quantscope::cli
