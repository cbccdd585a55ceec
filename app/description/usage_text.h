#pragma once

#include "description/program_description.h"

#include <string>

namespace quantscope {

/// What a program says of itself with --help: `usage:` lines, paragraphs, and one line an option, two spaces in:
/// `  --theme light|dark     the colours`.
ProgramDescription describeUsage(const std::string &text, const std::string &version);

} // namespace quantscope
