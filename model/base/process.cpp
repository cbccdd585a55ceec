#include "base/process.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace quantscope {

namespace {

constexpr std::size_t kLargestOutput = 64 << 10;

/// File actions and attributes of posix_spawn, freed together.
class SpawnSettings {
public:
    explicit SpawnSettings(const std::string &output)
    {
        posix_spawn_file_actions_init(&m_actions);
        posix_spawnattr_init(&m_attributes);
        posix_spawn_file_actions_addopen(&m_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        // A file, not a pipe: nothing has to be read while the program runs.
        posix_spawn_file_actions_addopen(&m_actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_adddup2(&m_actions, STDOUT_FILENO, STDERR_FILENO);
        // A group of its own, so that a compiler's children end with it.
        posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&m_attributes, 0);
    }
    ~SpawnSettings()
    {
        posix_spawn_file_actions_destroy(&m_actions);
        posix_spawnattr_destroy(&m_attributes);
    }
    SpawnSettings(const SpawnSettings &) = delete;
    SpawnSettings &operator=(const SpawnSettings &) = delete;
    const posix_spawn_file_actions_t *actions() const { return &m_actions; }
    const posix_spawnattr_t *attributes() const { return &m_attributes; }

private:
    posix_spawn_file_actions_t m_actions{};
    posix_spawnattr_t m_attributes{};
};

/// Messages in English, temporary files in our folder, and no banner of SystemC.
std::vector<std::string> environmentWith(const TemporaryFolder &folder)
{
    std::vector<std::string> out = {"LC_ALL=C", "TMPDIR=" + folder.path(), "SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1"};
    for (char **variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        if (!text.starts_with("LC_ALL=") && !text.starts_with("TMPDIR=")
            && !text.starts_with("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE="))
            out.emplace_back(text);
    }
    return out;
}

std::vector<char *> pointers(std::vector<std::string> &texts)
{
    std::vector<char *> out;
    for (std::string &text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

/// Ends and reaps the whole group when it goes out of scope unfinished.
class Child {
public:
    explicit Child(pid_t pid)
        : m_pid(pid)
    {
    }
    ~Child()
    {
        if (m_pid <= 0)
            return;
        ::kill(-m_pid, SIGKILL);
        while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR)
            ;
    }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    bool finished(int &status)
    {
        int raw = 0;
        const pid_t reaped = ::waitpid(m_pid, &raw, WNOHANG);
        if (reaped == 0 || (reaped < 0 && errno == EINTR))
            return false;
        status = reaped < 0 ? -1 : WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        m_pid = 0;
        return true;
    }

private:
    pid_t m_pid;
};

std::string firstBytes(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::string out(kLargestOutput, '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    return out;
}

} // namespace

ProcessResult runProcess(const std::vector<std::string> &arguments, const TemporaryFolder &folder,
    std::chrono::seconds limit, const Progress &progress)
{
    ProcessResult result;
    std::vector<std::string> argumentTexts = arguments, environment = environmentWith(folder);
    const std::string output = folder.file("output.txt");
    const SpawnSettings settings(output);
    pid_t pid = 0;
    if (::posix_spawn(&pid, arguments.at(0).c_str(), settings.actions(), settings.attributes(),
            pointers(argumentTexts).data(), pointers(environment).data())
        != 0)
        return result;
    result.started = true;
    Child child(pid);
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!child.finished(result.status)) {
        progress.step(0, 0); // throws to cancel; the destructor ends the group
        if (std::chrono::steady_clock::now() > end) {
            result.timedOut = true;
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
    result.output = firstBytes(output);
    return result;
}

std::string findProgram(const std::string &name)
{
    const auto executable = [](const std::string &path) {
        std::error_code error;
        return ::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, error);
    };
    if (name.find('/') != std::string::npos)
        return executable(name) ? name : std::string();
    const char *path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (executable((folder.empty() ? "." : folder) + "/" + name))
            return (folder.empty() ? "." : folder) + "/" + name;
    return {};
}

} // namespace quantscope
