#pragma once

#include "dialects/onnx/plan.h"
#include "network/flow.h"

namespace quantscope::interpret {

/// What a graph says of what feeds what, and which quantizers make it: one node a layer of the plan, with its
/// quantizers in it, and one for every operator that belongs to no layer and computes more than a constant. Operators
/// of subgraphs and function bodies are nodes as well: what a graph makes feeds the operator that holds it, what that
/// operator passes to Loop and Scan feeds what reads it there; that a loop feeds itself is no edge.
Flow flowOf(Constants &constants, const Plan &plan);

} // namespace quantscope::interpret
