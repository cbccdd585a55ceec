#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// Python's raw-unicode-escape: only \uXXXX and \UXXXXXXXX are escapes, other bytes are Latin-1. As UTF-8; surrogates
/// are kept as three bytes.
std::string rawUnicode(std::string_view text);

/// The escapes that repr() of a Python 2 string writes.
std::string unescaped(std::string_view text);

} // namespace quantscope
