#pragma once

#include "formats/budget.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

struct CodeToken {
    enum class Kind : std::uint8_t { Name, Integer, Real, Text, Mark, Line, Indent, Dedent, End };
    Kind kind = Kind::End;
    std::string_view text; ///< Text with its quotes
    std::uint32_t line = 1;
};

/// Throws ParseError naming the code file and the line.
[[noreturn]] void failInCode(std::string_view file, std::uint32_t line, std::string_view why);

/// The tokens of printed TorchScript: a small part of Python's. Lines inside brackets are one line. Ends with End; all
/// blocks are closed before. Throws ParseError.
std::vector<CodeToken> codeTokens(std::string_view code, std::string_view file, Budget &budget);

} // namespace quantscope
