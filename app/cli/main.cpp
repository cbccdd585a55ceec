#include "check.h"
#include "codes.h"
#include "commands.h"
#include "compare.h"
#include "diff.h"
#include "export.h"
#include "inspect.h"
#include "recipe.h"
#include "report.h"
#include "run.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace quantscope::cli {

int exitStatus(const Error &error)
{
    switch (error.kind) {
    case ErrorKind::Proof: return 1;
    case ErrorKind::Usage: return 2;
    default: return 3;
    }
}

namespace {

constexpr std::size_t kLongestWord = 200, kLongestSentence = 2000;

std::string shortened(const std::string &text, std::size_t longest)
{
    if (text.size() <= longest)
        return text;
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return text.substr(0, end) + "...";
}

/// What a file says of itself may be megabytes long and steer a terminal.
std::string oneSentence(const std::string &text)
{
    std::string out;
    const std::string safe = printable(text);
    for (std::size_t at = 0; at < safe.size();) {
        const std::size_t end = std::min(safe.find(' ', at), safe.size());
        out += shortened(safe.substr(at, end - at), kLongestWord) + (end < safe.size() ? " " : "");
        at = end + 1;
    }
    return shortened(out, kLongestSentence);
}

int complain(const std::string &place, const std::string &message, int status)
{
    const std::string where = place.empty() ? "" : printable(place) + ": ";
    std::fprintf(stderr, "quantscope: %s%s\n", where.c_str(), oneSentence(message).c_str());
    return status;
}

/// A file that is opened later must not become one of the standard streams that the caller closed.
void occupyStandardStreams()
{
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) == -1)
            (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY); // takes the lowest free number
}

} // namespace

int report(const Error &error, const std::optional<std::string> &file)
{
    const std::string otherwise = file && file->empty() ? "\"\"" : file.value_or("");
    const std::string place = error.path.empty() ? otherwise : error.path;
    Error unplaced = error;
    unplaced.path.clear();
    return complain(place, unplaced.text(), exitStatus(error));
}

void warnAboutRecipe(const Network &network)
{
    static constexpr std::string_view kRules[] = {"recipe-", "keyword-", "proof-", "own-class", "version-newer"};
    for (const Diagnostic &d : network.diagnostics)
        if (d.severity != Severity::Note
            && std::ranges::any_of(kRules, [&](std::string_view rule) { return d.rule.find(rule) != d.rule.npos; }))
            complain(network.file->path, fmt::format("{}: {}", severityName(d.severity), d.text), 0);
}

void print(const std::string &text)
{
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return;
    if (errno != EPIPE)
        throw std::system_error(errno, std::generic_category(), "standard output cannot be written");
}

int startWindow(const std::vector<std::string> &arguments)
{
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    std::vector<char *> argv = {const_cast<char *>("quantscope-gui")};
    for (const std::string &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    if (!failed)
        ::execv((self.parent_path() / "quantscope-gui").c_str(), argv.data());
    ::execvp("quantscope-gui", argv.data());
    return complain("quantscope-gui",
        fmt::format("cannot be started: {}; without a window: quantscope inspect FILE", std::strerror(errno)), 3);
}

namespace {

/// `quantscope FILE` opens the window; what is neither a word nor a file is a slip of the fingers.
int windowOrNearestWord(const std::vector<std::string> &arguments, const std::vector<std::string> &words)
{
    std::error_code failed;
    if (std::filesystem::exists(arguments[0], failed))
        return startWindow(arguments);
    if (arguments[0].find_first_of("./") != std::string::npos)
        return complain(arguments[0], "cannot be opened: No such file or directory", 3);
    return complain(
        "", fmt::format("\"{}\" is neither a command nor a file{}", arguments[0], didYouMean(arguments[0], words)), 2);
}

int runLine(int argc, char **argv)
{
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::vector<std::string> words = commandNames();
    if (!arguments.empty() && !arguments[0].starts_with("-") && std::ranges::find(words, arguments[0]) == words.end())
        return windowOrNearestWord(arguments, words);
    const auto asked = parseCommandLine(argc, argv);
    if (!asked)
        return report(asked.error());
    if (const auto *help = std::get_if<std::string>(&*asked)) {
        print(*help);
        return 0;
    }
    return std::visit([](const auto &command) { return run(command); }, std::get<Command>(*asked));
}

} // namespace

} // namespace quantscope::cli

int main(int argc, char **argv)
{
    using namespace quantscope::cli;
    occupyStandardStreams();
    try {
        return runLine(argc, argv);
    } catch (const std::bad_alloc &) {
        return complain("", "out of memory", 3);
    } catch (const std::exception &error) {
        return complain("", error.what(), 3);
    }
}
