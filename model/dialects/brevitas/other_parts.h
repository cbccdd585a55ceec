#pragma once

#include "base/progress.h"
#include "network/network.h"

namespace quantscope {

/// What the sets of weights of a checkpoint that are not shown hold: one note `not-shown` each, from names and shapes
/// alone.
void noteOtherParts(Network &network);

/// Completes these notes by whether the values differ, which reads tensors up to the first difference. What `previous`,
/// a network of the same file and part, says is taken over.
void compareOtherParts(Network &network, const Network *previous, const Progress &progress);

} // namespace quantscope
