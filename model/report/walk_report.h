#pragma once

#include "lab/width_walk.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// What widths do to the network's output on data: each point alone, then the walk over total bits. `points` are those
/// that were walked.
nlohmann::ordered_json walkJson(const std::vector<SweepPoint> &points, const WidthWalk &walk);
/// Output SQNR by layer and width, and the walk's steps, of which each says what changes against the line above.
std::string walkText(const std::vector<SweepPoint> &points, const WidthWalk &walk);
/// "1,568 bits"; with activations "1,568 bits of weights and 9,216 bits of one sample's activations".
std::string walkBitsText(const WalkBits &bits);
/// "54 runs at most: the network as it is, 28 candidates alone, 25 widths together".
std::string walkCountText(const WalkCount &count);

} // namespace quantscope
