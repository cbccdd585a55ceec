#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// The values between which a slot's quantizer stands. None for scales that are multiplied elsewhere: in front of
/// FINN's matrices stand bare integers.
std::vector<GraphSpan> spansOf(Constants &constants, const PlannedSlot &slot);

/// Gives the slots of a layer their spans, with those of the quantizers that its nodes call again.
void setSpans(Constants &constants, const PlannedLayer &planned, Layer &layer);

} // namespace quantscope::interpret
