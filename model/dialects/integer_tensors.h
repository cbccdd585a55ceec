#pragma once

#include "network/network.h"

namespace quantscope {

/// An integer tensor is its own codes: gives weights and biases that no quantizer claims the one that says so, with
/// scale and zero point unknown. Not where the recipe says "None", where something failed, and where the integers are
/// packed words of another library (bitsandbytes' 4 bits).
void takeIntegerTensors(Network &network);

} // namespace quantscope
