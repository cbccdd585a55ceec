#include "base/kept_process.h"

#include "base/text.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

extern char **environ;

namespace quantscope {

namespace {

constexpr std::chrono::milliseconds kMomentToEnd{300}, kBetweenLooks{5};
constexpr off_t kErrorText = 4096;

tl::unexpected<Error> cannotStart(const std::string &program, int error)
{
    return tl::unexpected(
        Error{ErrorKind::Io, program, std::nullopt, fmt::format("cannot be started: {}", std::strerror(error))});
}

int spawnOn(int socket, int errors, const std::vector<std::string> &arguments, pid_t &pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    // A group of its own: Ctrl+C in the terminal is for the program that talks with the person.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    std::vector<std::string> texts = arguments;
    std::vector<char *> pointers;
    for (std::string &text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    const int error = ::posix_spawn(&pid, pointers[0], &actions, &attributes, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/// The last line that says something.
std::string lastLine(int errors)
{
    const off_t size = ::lseek(errors, 0, SEEK_END);
    if (size <= 0)
        return {};
    std::string text(static_cast<std::size_t>(std::min(size, kErrorText)), '\0');
    const ssize_t got = ::pread(errors, text.data(), text.size(), size - static_cast<off_t>(text.size()));
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    text.resize(text.find_last_not_of(" \n") + 1);
    return printable(text.substr(text.rfind('\n') + 1));
}

} // namespace

Result<KeptProcess> KeptProcess::start(const std::vector<std::string> &arguments)
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return cannotStart(arguments.at(0), errno);
    const int errors = ::memfd_create("stderr", MFD_CLOEXEC);
    KeptProcess out(0, ends[0], errors);
    const int failed = errors < 0 ? errno : spawnOn(ends[1], errors, arguments, out.m_pid);
    ::close(ends[1]);
    if (failed != 0) {
        out.m_pid = 0;
        return cannotStart(arguments.at(0), failed);
    }
    return out;
}

KeptProcess::KeptProcess(KeptProcess &&other) noexcept
    : m_pid(std::exchange(other.m_pid, 0))
    , m_socket(std::exchange(other.m_socket, -1))
    , m_errors(std::exchange(other.m_errors, -1))
{
}

KeptProcess &KeptProcess::operator=(KeptProcess &&other) noexcept
{
    std::swap(m_pid, other.m_pid);
    std::swap(m_socket, other.m_socket);
    std::swap(m_errors, other.m_errors);
    return *this;
}

KeptProcess::~KeptProcess() { close(); }

void KeptProcess::close()
{
    if (m_pid > 0) {
        ::kill(-m_pid, SIGKILL); // its group, so that what it started ends with it
        while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR)
            ;
    }
    m_pid = 0;
    for (int *descriptor : {&m_socket, &m_errors})
        if (*descriptor >= 0)
            ::close(std::exchange(*descriptor, -1));
}

std::string KeptProcess::end()
{
    int status = 0;
    pid_t reaped = 0;
    const auto until = std::chrono::steady_clock::now() + kMomentToEnd;
    while (m_pid > 0 && (reaped = ::waitpid(m_pid, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(kBetweenLooks);
    const std::string said = lastLine(m_errors);
    const bool ended = reaped > 0;
    if (ended)
        m_pid = 0;
    close();
    if (!ended)
        return "did not answer and was ended";
    if (WIFSIGNALED(status))
        return fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return fmt::format("ended with status {}{}{}", WEXITSTATUS(status), said.empty() ? "" : ": ", said);
}

} // namespace quantscope
