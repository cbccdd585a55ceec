#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Rule of weights that lie on a grid already.
inline constexpr const char *kOnGrid = "on-grid";

/// Proposes the preset that fits best what the file keeps of a slot, and what fits as well; false where the file has no
/// quantizer as far as it tells. Throws SlotFailure: nothing fits, or the recipe changes what nothing suggests.
bool assumePreset(SlotWork &work);

/// The presets that fit as well as that of a recipe's entry which nobody confirmed.
void findAlternatives(SlotWork &work);

} // namespace quantscope
