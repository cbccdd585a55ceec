#pragma once

#include "description/program_description.h"

#include <string>

namespace quantscope {

/// Scripts that offer words, options and their values to the shells' completion. A value without choices is a file.
std::string bashCompletion(const ProgramDescription &program);
std::string zshCompletion(const ProgramDescription &program);
std::string fishCompletion(const ProgramDescription &program);

} // namespace quantscope
