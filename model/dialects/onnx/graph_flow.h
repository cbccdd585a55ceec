#pragma once

#include "dialects/onnx/plan.h"
#include "network/flow.h"

namespace quantscope::interpret {

/// What a graph says of what feeds what, and which quantizers make it: one node a layer of the plan, with its
/// quantizers in it, and one for every operator that belongs to no layer and computes more than a constant. Operators
/// of subgraphs and function bodies are nodes as well; what they hand over to the operator that holds them is not
/// followed.
Flow flowOf(Constants &constants, const Plan &plan);

} // namespace quantscope::interpret
