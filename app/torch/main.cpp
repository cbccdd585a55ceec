#include "run/torch/run_service.h"

#include <csignal>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace {

/// Frames keep standard output for themselves: what a library prints there goes to stderr.
int ownOutput()
{
    const int out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    return out;
}

} // namespace

/// Runs networks for quantscope and quantscope-gui, which start it and talk with it in frames.
int main(int argc, char **argv)
{
    if (argc > 1) {
        const bool asksVersion = std::string_view(argv[1]) == "--version";
        std::fputs(asksVersion ? "quantscope-torch " QUANTSCOPE_VERSION "\n"
                               : "quantscope-torch is started by quantscope run and by the window, and takes no "
                                 "arguments but --version\n",
            asksVersion ? stdout : stderr);
        return asksVersion ? 0 : 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    quantscope::FrameChannel channel(STDIN_FILENO, ownOutput());
    return quantscope::serveRuns(channel);
}
