#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// One warning that names the operators of dialects that are listed, not decoded; one for each node whose network is in
/// another file; and an error for each MatMulNBits node whose own numbers contradict each other.
void reportForeign(Constants &constants, const Plan &plan, Network &network);

} // namespace quantscope::interpret
