#pragma once

#include "base/progress.h"
#include "base/temporary_folder.h"

#include <chrono>
#include <string>
#include <vector>

namespace quantscope {

struct ProcessResult {
    bool started = false;
    bool timedOut = false;
    int status = -1; ///< exit status; 128 + the signal that ended it
    std::string output; ///< what it wrote to stdout and stderr, the first 64 KB
    bool ok() const { return started && !timedOut && status == 0; }
};

/// Runs a program without a shell: arguments are passed as they are, and its input is empty. `folder` is where it finds
/// room for temporary files. Ends it, with the processes it started, after `limit` and when `progress` throws.
ProcessResult runProcess(const std::vector<std::string> &arguments, const TemporaryFolder &folder,
    std::chrono::seconds limit, const Progress &progress = {});

/// Full path of a program on PATH (or of one given with a slash) that may be executed; empty when there is none.
std::string findProgram(const std::string &name);

} // namespace quantscope
