#pragma once

#include "description/program_description.h"

#include <string>

namespace quantscope {

/// A manual page of section 1, as roff (man(7)).
std::string manPage(const ProgramDescription &program);

} // namespace quantscope
