#pragma once

#include "formats/budget.h"
#include "formats/torchscript/code_tree.h"

#include <memory>

namespace quantscope {

/// Parses the text of one code file. Nothing is run. Throws ParseError naming the file and the line: malformed, or
/// nested too deep.
std::unique_ptr<const CodeTree> parseCode(std::string file, std::string text, Budget &budget);

} // namespace quantscope
