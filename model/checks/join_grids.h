#pragma once

#include "base/diagnostic.h"
#include "network/network.h"

#include <vector>

namespace quantscope {

/// "scales-differ" (warnings): operators that join what several quantizers make (Add, Sub, Sum, Concat, Where, Max,
/// Min) where these disagree in scale, zero point, bits or sign. Each stands at the quantizer among them that is listed
/// last, and names every input with its numbers; of many inputs those that differ.
std::vector<Diagnostic> checkJoinGrids(const Network &network);

} // namespace quantscope
