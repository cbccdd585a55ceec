#pragma once

#include "quant/quantizer.h"

#include <optional>

namespace quantscope {

/// A slot of an export in the shape that a checkpoint has the same tensor in: as it is, transposed (matrices that stand
/// behind a Transpose or in front of a MatMul), or without and with axes of one element. Its elements are views of the
/// same bytes. nullopt where the shapes do not fit so, or its scales cannot follow.
std::optional<SlotQuantizer> alignedTo(const SlotQuantizer &theirs, const Shape &shape, bool transposed);

} // namespace quantscope
