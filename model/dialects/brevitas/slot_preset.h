#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Decides the preset of a slot, the owner's, the recipe's or an assumed one, and applies its keywords: fills in the
/// spec that the rules compute from, or the whole quantizer where no preset of Brevitas is behind it. Leaves both empty
/// where the slot has no quantizer. Throws SlotFailure, RecipeMismatch, ParseError.
void decidePreset(SlotWork &work);

} // namespace quantscope
