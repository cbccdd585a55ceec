#pragma once

#include "base/error.h"

#include <string>
#include <vector>

#include <sys/types.h>

namespace quantscope {

/// A program that runs beside this one, and is ended with it: its standard input and output are one socket, what it
/// writes to stderr is kept aside. No shell is involved.
class KeptProcess {
public:
    /// Errors (Io): it cannot be started.
    static Result<KeptProcess> start(const std::vector<std::string> &arguments);
    KeptProcess(KeptProcess &&other) noexcept;
    KeptProcess &operator=(KeptProcess &&other) noexcept;
    ~KeptProcess(); ///< ends and reaps it

    int socket() const { return m_socket; }
    pid_t pid() const { return m_pid; }
    /// Ends it (SIGKILL) where it still runs, and says how it ended: "ended with status 127: LAST LINE OF STDERR", "was
    /// ended by signal 9 (Killed)". It is given a moment to end by itself: who sees the socket closed asks this.
    std::string end();

private:
    KeptProcess(pid_t pid, int socket, int errors)
        : m_pid(pid)
        , m_socket(socket)
        , m_errors(errors)
    {
    }
    void close();

    pid_t m_pid;
    int m_socket, m_errors;
};

} // namespace quantscope
