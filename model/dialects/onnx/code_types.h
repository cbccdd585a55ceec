#pragma once

#include "dialects/onnx/walk.h"
#include "quant/quantizer.h"

namespace quantscope::interpret {

/// Bits, sign and range of codes that fill their container; of small floats the codes are their bit patterns. A
/// container of 32 bits and more says nothing about the bits in use. Throws ParseError for other types.
void setFullRange(Quantizer &q, DType container);

/// The type of codes that a quantizing operator made, also behind operators that move elements; Unknown where the graph
/// does not tell.
DType typeOfCodes(Constants &constants, ValueId codes);

} // namespace quantscope::interpret
