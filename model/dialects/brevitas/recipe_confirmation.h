#pragma once

#include "network/network.h"

#include <vector>

namespace quantscope {

/// The recipe after a person confirmed what is in force for these slots of `network`, which was made from it: entries
/// that are assumed are so no longer, and what no entry says is said. With a slot goes what it rests on and only
/// [[layer]] tells: kind, groups, stride; and the slot whose quantizer object it is. What no recipe can say, such as a
/// threshold that was never calibrated, stays assumed; what follows from another slot is confirmed with that one. What
/// is said anew of weights, biases and activations is said in as few entries as say the same (choice_patterns.h).
Recipe withConfirmed(const Recipe &recipe, const Network &network, const std::vector<SlotId> &slots);

/// The recipe without the proofs that an edit left behind: a slot that was what the live model computed and is
/// something else now was changed on purpose. Proofs that were contradicted before stay, and so do those that still
/// hold.
Recipe withoutOutdatedProofs(const Recipe &recipe, const Network &before, const Network &after);

} // namespace quantscope
