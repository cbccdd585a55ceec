#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// A tensor of codes whose scale and zero point a quantization_annotation names (onnx.proto: SCALE_TENSOR,
/// ZERO_POINT_TENSOR). Throws ParseError, NotConstant.
void decodeAnnotated(Constants &constants, ValueId tensor, SlotQuantizer &out);

} // namespace quantscope::interpret
