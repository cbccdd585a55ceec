#pragma once

#include "base/progress.h"

#include <string>

namespace quantscope::cli {

/// On a terminal, one line that changes: "running:  12 %". Nothing where stderr is none.
Progress progressOnTerminal(const std::string &what);
void clearTerminalLine();

} // namespace quantscope::cli
