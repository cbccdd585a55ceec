#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// The rule of the warning of an activation without a stored threshold: a misspelt name in a recipe makes one.
inline constexpr const char *kNeverCalibrated = "never-calibrated";

/// Gives an activation its quantizer from the threshold that its calibration stored. Throws SlotFailure, ParseError.
void resolveActivation(SlotWork &work);

} // namespace quantscope
