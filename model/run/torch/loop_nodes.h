#pragma once

#include "run/torch/op_table.h"

#include <functional>
#include <vector>

namespace quantscope {

/// One round of a node's subgraph: what is given to its inputs, in order, becomes what its outputs are.
using BodyRound = std::function<std::vector<c10::IValue>(std::vector<c10::IValue> given)>;

/// ONNX' Loop and Scan, which run their subgraph again and again.
bool isLoopNode(const Node &node);

/// Its outputs in the order of Node::outputs. Throws RunError, and what a round throws.
std::vector<c10::IValue> runLoopNode(const OpCall &call, const BodyRound &round);

/// Of If and Loop. Throws RunError for what is no truth value.
bool isTrueCondition(const c10::IValue &condition);

} // namespace quantscope
