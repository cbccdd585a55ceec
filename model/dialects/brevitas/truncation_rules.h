#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Truncation keeps its input's scale; nothing is stored. What the preset alone says stays in the slot where the input
/// is not known. Throws SlotFailure, RecipeMismatch.
void resolveTruncation(SlotWork &work);

} // namespace quantscope
