#pragma once

#include "command_line.h"

namespace quantscope::cli {

/// Two models, slot by slot; status 1 when they differ.
int run(const DiffArguments &arguments);

} // namespace quantscope::cli
