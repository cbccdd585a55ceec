#pragma once

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A compiler of this computer, as the environment chooses it.
struct Compiler {
    std::vector<std::string> command; ///< program and the arguments that CC or CXX had
    std::string name; ///< "gcc": what the program really is
};

/// What CC names, else cc, gcc or clang; nullopt when that is not there.
std::optional<Compiler> findCCompiler();
/// What CXX names, else c++, g++ or clang++.
std::optional<Compiler> findCxxCompiler();
/// The headers and the library are where Debian and its likes install them.
bool hasSystemC();

} // namespace quantscope
