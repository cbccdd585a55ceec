#include "commands.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace quantscope::cli {

int exitStatus(const Error &error)
{
    switch (error.kind) {
    case ErrorKind::Proof: return 1;
    case ErrorKind::Usage: return 2;
    default: return 3;
    }
}

int report(const Error &error)
{
    std::fprintf(stderr, "quantscope: %s\n", error.text().c_str());
    return exitStatus(error);
}

void print(const std::string &text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
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
    std::fprintf(stderr,
        "quantscope: quantscope-gui: cannot be started: %s; without a window: quantscope inspect FILE\n",
        std::strerror(errno));
    return 3;
}

namespace {

bool isWord(const std::string &text)
{
    for (const char *word : {"inspect", "codes", "recipe", "compare", "export"})
        if (text == word)
            return true;
    return false;
}

} // namespace

} // namespace quantscope::cli

int main(int argc, char **argv)
{
    using namespace quantscope::cli;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    // `quantscope FILE` opens the window; a word or an option comes first otherwise.
    if (!arguments.empty() && !isWord(arguments[0]) && !arguments[0].starts_with("-"))
        return startWindow(arguments);

    CLI::App app("Shows what the quantizers of a neural network really are, and exports its layers to hardware.\n"
                 "quantscope FILE opens the window; the words below need no display.",
        "quantscope");
    app.set_version_flag("--version", "quantscope " QUANTSCOPE_VERSION);
    app.require_subcommand(1);
    int status = 0;
    addInspect(app, status);
    addCodes(app, status);
    addRecipe(app, status);
    addCompare(app, status);
    addExport(app, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() == 0)
            return app.exit(error); // --help, --version
        std::fprintf(stderr, "quantscope: %s; try quantscope --help\n", error.what());
        return 2;
    } catch (const std::bad_alloc &) {
        std::fprintf(stderr, "quantscope: out of memory\n");
        return 3;
    }
    return status;
}
