#pragma once

#include "network/network.h"

namespace quantscope {

/// An integer tensor is its own codes: gives weights and biases that no quantizer claims the one that says so, with
/// scale and zero point unknown. Not where the recipe says "None" or something failed, nor where an
/// operator of the graph unpacks it; packed words of another library (bitsandbytes' 4 bits) and uint64 get a
/// diagnostic.
void takeIntegerTensors(Network &network);

} // namespace quantscope
