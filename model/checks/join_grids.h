#pragma once

#include "base/diagnostic.h"
#include "network/joins.h"
#include "network/network.h"

#include <string>
#include <vector>

namespace quantscope {

/// "scales-differ" (warnings): operators that join what several quantizers make (Add, Sub, Sum, Concat, Where, Max,
/// Min) where these disagree in scale, zero point, bits or sign. Each stands at the quantizer among them that is listed
/// last, and names every input with its numbers; of many inputs those that differ.
std::vector<Diagnostic> checkJoinGrids(const Network &network);

/// "Add node add: its 2 inputs differ in scale: ...", of one that disagrees.
std::string joinDifference(const Network &network, const Join &join);
/// Of the quantizers that differ the one that is listed last, which is nearest to the join.
SlotId lastDiffering(const Join &join);

} // namespace quantscope
