#include "terminal_progress.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

namespace quantscope::cli {

Progress progressOnTerminal(const std::string &what)
{
    constexpr double kPercent = 100.0;
    if (::isatty(STDERR_FILENO) == 0)
        return {};
    return Progress([what](std::uint64_t done, std::uint64_t total) {
        if (total > 0)
            std::fputs(
                fmt::format("\r{}: {:3.0f} %", what, kPercent * static_cast<double>(done) / static_cast<double>(total))
                    .c_str(),
                stderr);
        return true;
    });
}

void clearTerminalLine()
{
    if (::isatty(STDERR_FILENO) != 0)
        std::fputs("\r\033[K", stderr);
}

} // namespace quantscope::cli
