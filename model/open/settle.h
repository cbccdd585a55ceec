#pragma once

#include "network/network.h"
#include "open/confirm.h"

#include <span>

namespace quantscope {

/// What nobody had said of a quantizer is no longer assumed where an export agrees in it and none differs in that
/// quantizer. Under a recipe that was taken from exports every field says which one confirms it.
void settleByExports(Network &network, std::span<const Confirmation> confirmations);

} // namespace quantscope
