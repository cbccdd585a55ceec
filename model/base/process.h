#pragma once

#include "base/progress.h"

#include <chrono>
#include <string>
#include <vector>

namespace quantscope {

/// A folder of its own under the system's temporary folder, removed with everything in it.
class TemporaryFolder {
public:
    /// Throws ParseError when none can be made.
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    const std::string &path() const { return m_path; }
    std::string file(const std::string &name) const { return m_path + "/" + name; }

private:
    std::string m_path;
};

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
