#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "command_line.h"
#include "network/network.h"

namespace quantscope::cli {

/// The status of a process: 0 done, 1 the answer is no, 2 wrong usage, 3 a file cannot be read or written.
int exitStatus(const Error &error);
/// `quantscope: FILE: what is wrong (at offset 0x..)` on stderr, one printable sentence; returns the status. `file` is
/// named when the error names none.
int report(const Error &error, const std::optional<std::string> &file = {});
/// On stderr, what of the recipe had no effect; for output that has no list of problems.
void warnAboutRecipe(const Network &network);
/// Writes to stdout at once; throws when it cannot be written (a full disk, closed). A reader that went away is not an
/// error of ours.
void print(const std::string &text);

/// Starts quantscope-gui, found beside this program or on the PATH; returns only when that fails.
int startWindow(const std::vector<std::string> &arguments);

} // namespace quantscope::cli
