#pragma once

#include "formats/torchscript/script_graph.h"

namespace quantscope {

/// Tensors of a state in their order; what may be absent is told by None.
void collectTensors(const ScriptValue &state, ScriptArguments &out);

/// The words of kPackedState, whose inputs are those of collectTensors().
void describeState(const ScriptValue &state, std::vector<ScriptValue> &out);

/// torch.ao names what it keeps by position in the order of its state: "conv1.10" is conv1's weight.
bool isNumbered(std::string_view name, std::string_view scope);

} // namespace quantscope
