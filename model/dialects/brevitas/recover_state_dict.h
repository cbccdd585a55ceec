#pragma once

#include "base/progress.h"
#include "network/network.h"
#include "network/recover.h"

namespace quantscope {

/// Fills in every quantizer of a listed state_dict from the recipe, the stored keys and the tensors. What cannot be
/// known of one slot is its error diagnostic and never hides the others. Throws RecipeMismatch, CancelledError,
/// ParseError.
void recoverStateDict(Network &network, const Progress &progress, const RecoverHints &hints = {});

/// Says how many quantizers are shown under presets that nobody named, once and as it is now.
void noteAssumedPresets(Network &network);

} // namespace quantscope
