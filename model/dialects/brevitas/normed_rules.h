#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Weight-normalised and accumulator-aware quantizers (Brevitas 0.9 on): per channel s = 2^a, g = 2^v, and the divisor
/// follows from the channel's norm. Throws SlotFailure: keys are missing, the input that bounds the accumulator is not
/// known.
void setNormedScale(SlotWork &work, Quantizer &quantizer);

} // namespace quantscope
