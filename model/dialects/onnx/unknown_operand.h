#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Why nothing is known of what a layer reads there: which operator stands before it. Of a slot of Form::Unknown.
Diagnostic unknownOperand(const Constants &constants, const PlannedSlot &slot, const Layer &layer);

} // namespace quantscope::interpret
