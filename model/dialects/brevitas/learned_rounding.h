#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Only a network that rounds by them stores decisions: where they are, the weight's spec rounds by them.
void heedDecisions(SlotWork &work);

/// Gives the quantizer its stored decisions. Throws SlotFailure: none are stored, or of another shape.
void takeDecisions(const SlotWork &work, Quantizer &quantizer);

} // namespace quantscope
