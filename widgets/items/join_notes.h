#pragma once

#include "items/layer_lanes.h"

#include <vector>

namespace quantscope {

/// The joins of a network whose inputs disagree.
std::vector<JoinNote> joinNotes(const Network &network);

} // namespace quantscope
