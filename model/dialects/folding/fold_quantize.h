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

// With one scale, or one a slice along `axis`. Each throws ParseError for blocked scales and for operands that are
// missing or do not fit.

FoldedValue quantizeLinear(const Call &call);
FoldedValue dequantizeLinear(const Call &call);

} // namespace quantscope::folding
