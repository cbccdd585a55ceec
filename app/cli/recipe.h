#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// The word `recipe`; returns the status of the process.
int run(const RecipeArguments &arguments);

} // namespace quantscope::cli
