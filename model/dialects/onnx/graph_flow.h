#pragma once

#include "dialects/onnx/flow_rules.h"
#include "dialects/onnx/plan.h"
#include "network/flow.h"

namespace quantscope::interpret {

/// What a graph says of what feeds what, and which quantizers make it: one node a layer of the plan, with its
/// quantizers in it, and one for every operator that belongs to no layer and computes more than a constant. Operators
/// of subgraphs and function bodies are nodes as well: what a graph makes feeds the operator that holds it, what that
/// operator passes to Loop and Scan feeds what reads it there; that a loop feeds itself is no edge. A list is no node:
/// who reads it reads what stands in it, over the list's port and those behind it.
Flow flowOf(Constants &constants, const Plan &plan, FlowRules &rules);

} // namespace quantscope::interpret
