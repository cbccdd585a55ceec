#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

// What QONNX' nodes say of the quantizer of `out`, whose tensor is known. Each throws ParseError, NotConstant.

void decodeQuant(Constants &constants, const Node &node, SlotQuantizer &out);
void decodeFloatQuant(Constants &constants, const Node &node, SlotQuantizer &out);
void decodeBipolar(Constants &constants, const Node &node, SlotQuantizer &out);
void decodeTrunc(Constants &constants, const Node &node, SlotQuantizer &out);
/// One quantizer of a QuantLSTMCell, whose scale is the input at `firstInput`.
void decodeScalars(Constants &constants, const Node &node, std::size_t firstInput, SlotQuantizer &out);

} // namespace quantscope::interpret
