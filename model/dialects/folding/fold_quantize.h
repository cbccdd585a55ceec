#pragma once

#include "dialects/folding/fold.h"

#include <optional>

namespace quantscope::folding {

struct Call;

/// QuantizeLinear and DequantizeLinear of ONNX, and the operators of other domains that compute the same for more
/// types: ONNX Runtime's, and those of AMD's quantizers (Vitis AI, later Quark).
bool isQuantizeLinear(const Node &node);
bool isDequantizeLinear(const Node &node);
/// Bits that VaiQuantize and VaiDeQuantize keep of their signed codes, an attribute of theirs; nothing for others.
/// Throws ParseError for one that is no width.
std::optional<int> codeBitsOf(const Node &node);

/// The type that a QuantizeLinear divides in: since operator set 23 an attribute, else the scale's. ONNX Runtime's own
/// operator divides in float32.
DType divisionType(const Node &quantize, DType scale);
/// The type that a DequantizeLinear makes, to which it rounds: since operator set 23 an attribute, else the scale's.
DType dequantizedType(const Node &dequantize, DType scale);

// With one scale, one a slice along `axis`, or one a block. Each throws ParseError for operands that are missing or do
// not fit.

FoldedValue quantizeLinear(const Call &call);
FoldedValue dequantizeLinear(const Call &call);
/// uint8 codes, their scale and their zero point, from the range of the operand with 0 in it.
FoldedValue dynamicQuantizeLinear(const Call &call);

} // namespace quantscope::folding
