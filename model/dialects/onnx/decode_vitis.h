#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// FixNeuron of Vitis AI: round half to even of x * 2^pos, saturated to bit_width bits, times 2^-pos. Its numbers are
/// attributes, mostly as text; without pos, scale and zero point are inputs. Throws ParseError, NotConstant.
void decodeFixNeuron(Constants &constants, const Node &node, SlotQuantizer &out);

} // namespace quantscope::interpret
