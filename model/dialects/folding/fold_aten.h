#pragma once

#include "dialects/folding/fold_table.h"

#include <string_view>

namespace quantscope::folding {

/// How an operator of the domain aten is computed, with float32 arithmetic; nullptr for operators off the list.
/// Operands are inputs or, where the code has constants, attributes that are named by their position.
Function findAten(std::string_view opType);

} // namespace quantscope::folding
