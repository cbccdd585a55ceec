#pragma once

#include "network/network.h"

namespace quantscope {

/// Some field of the slot's quantizer is assumed, and neither a person, a proof nor an export beside the file has
/// confirmed it.
bool isUnconfirmed(const Network &network, const SlotQuantizer &slot);

} // namespace quantscope
