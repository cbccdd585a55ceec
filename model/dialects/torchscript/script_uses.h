#pragma once

#include "dialects/onnx/walk.h"
#include "network/flow.h"

namespace quantscope::script {

/// What an operator of torch does with what it reads at a position; `codes`: its first argument is a quantized tensor,
/// whose scale and zero point more operators keep. Arguments: native_functions.yaml.
FlowUse useOf(const Node &node, std::size_t input, bool codes);

/// All its outputs are what it is named for: not those of max, whose second are positions.
bool isMainOutput(const Node &node, std::size_t output);

/// The operator that joins a value with others, directly or through some that keep it; empty where there is none.
std::string_view joiningOperator(const Graph &graph, ValueId value);

/// Its first output is a quantized tensor. `codesOf`: of its first argument.
bool makesCodes(const Node &node, bool codesOf);

} // namespace quantscope::script
