#pragma once

#include "run/run_choices.h"

namespace quantscope {

/// The biases whose scale was input times weight and is another product under `chosen`, with that scale.
std::vector<ChosenQuantizer> followingBiases(const Network &network, const std::vector<ChosenQuantizer> &chosen);

} // namespace quantscope
