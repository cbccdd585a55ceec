#pragma once

#include "dialects/brevitas/state_dict.h"
#include "network/network.h"

namespace quantscope {

/// Gives a listed state_dict what a graph of the same network (an ONNX export) tells: kinds, the output channels of the
/// weights, and what feeds what. The word of the recipe and of the file's own stored scales stays stronger.
void takeGraphHints(Network &network, const StateDict &dict, const Network &graph);

} // namespace quantscope
