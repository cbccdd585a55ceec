#pragma once

#include "formats/torchscript/script_graph.h"

#include <optional>
#include <string_view>

namespace quantscope {

/// What an operator of the domain aten makes of constants alone: comparisons, small arithmetic, lengths, elements. That
/// is what conditions in printed code are made of. nullopt for other operators, and where an operand is not known.
std::optional<ScriptValue> decideScript(std::string_view opType, const ScriptArguments &arguments);

} // namespace quantscope
