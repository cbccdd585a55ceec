#pragma once

#include "dialects/onnx/plan.h"

#include <memory>

namespace quantscope::interpret {

/// The weight of a MatMulNBits, (N, K) codes of 2, 4 or 8 bits, or the table of a GatherBlockQuantized, seen in its
/// packed bytes without reading them; nullptr where those have to be computed. Throws ParseError for attributes and
/// sizes that contradict each other.
std::shared_ptr<const TensorInfo> blockedCodes(Constants &constants, const Node &node);

/// Its codes, with a scale and a zero point for each block of a row, or of the axis that the operator names. Throws
/// ParseError, NotConstant.
void decodeBlocks(Constants &constants, const Node &node, const Layer &layer, std::vector<Diagnostic> &diagnostics,
    SlotQuantizer &out);

} // namespace quantscope::interpret
