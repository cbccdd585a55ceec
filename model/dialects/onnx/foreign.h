#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// One warning that names the operators of dialects that are listed, not decoded, and one for each node whose network is
/// in another file.
void reportForeign(Constants &constants, const Plan &plan, Network &network);

} // namespace quantscope::interpret
