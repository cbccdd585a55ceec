#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// DynamicQuantizeLinear: of a stored tensor scale and zero point are computed, of an activation they are not known,
/// and a note says so. Throws ParseError, NotConstant.
void decodeDynamic(Constants &constants, const PlannedSlot &slot, const Layer &layer,
    std::vector<Diagnostic> &diagnostics, SlotQuantizer &out);

} // namespace quantscope::interpret
