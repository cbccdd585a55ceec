#include "export/proof/compilers.h"

#include "base/process.h"

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <sstream>

namespace quantscope {

namespace {

/// What the program really is: "cc" is a link to GCC or Clang.
std::string familyOf(const std::string &path, bool cxx)
{
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    for (const std::string &name : {real.filename().string(), std::filesystem::path(path).filename().string()}) {
        if (name.find("clang") != std::string::npos)
            return cxx ? "clang++" : "clang";
        if (name.find("gcc") != std::string::npos || name.find("g++") != std::string::npos)
            return cxx ? "g++" : "gcc";
    }
    return std::filesystem::path(path).filename().string();
}

std::optional<Compiler> findCompiler(const char *variable, std::initializer_list<const char *> names, bool cxx)
{
    if (const char *chosen = std::getenv(variable); chosen != nullptr && *chosen != '\0') {
        std::istringstream words(chosen);
        Compiler compiler;
        for (std::string word; words >> word;)
            compiler.command.push_back(word);
        const std::string path = compiler.command.empty() ? "" : findProgram(compiler.command[0]);
        if (path.empty())
            return std::nullopt;
        compiler.command[0] = path;
        // "ccache gcc": the last word that is no option is the compiler.
        for (const std::string &word : compiler.command)
            if (!word.starts_with('-') && !findProgram(word).empty())
                compiler.name = familyOf(findProgram(word), cxx);
        return compiler;
    }
    for (const char *name : names)
        if (const std::string path = findProgram(name); !path.empty())
            return Compiler{{path}, familyOf(path, cxx)};
    return std::nullopt;
}

} // namespace

std::optional<Compiler> findCCompiler() { return findCompiler("CC", {"cc", "gcc", "clang"}, false); }

std::optional<Compiler> findCxxCompiler() { return findCompiler("CXX", {"c++", "g++", "clang++"}, true); }

bool hasSystemC()
{
    std::error_code ignored;
    if (!std::filesystem::exists("/usr/include/systemc.h", ignored))
        return false;
    std::vector<std::filesystem::path> folders = {"/usr/lib", "/usr/lib64", "/usr/local/lib"};
    for (const auto &entry : std::filesystem::directory_iterator("/usr/lib", ignored))
        if (entry.path().filename().string().find("-linux-") != std::string::npos)
            folders.push_back(entry.path());
    for (const auto &folder : folders)
        if (std::filesystem::exists(folder / "libsystemc.so", ignored)
            || std::filesystem::exists(folder / "libsystemc.a", ignored))
            return true;
    return false;
}

} // namespace quantscope
