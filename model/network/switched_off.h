#pragma once

#include "quant/quantizer.h"

namespace quantscope {

/// Nothing quantizes it, by the word of the recipe or of the file: Brevitas' None and quant_type=FP. Not a slot whose
/// quantizer is not known.
bool isSwitchedOff(const SlotQuantizer &slot);

} // namespace quantscope
