#pragma once

#include "dialects/brevitas/slot_work.h"

#include <optional>

namespace quantscope {

/// Gives a bias its quantizer: of its own scale, or of the weight's scale times the input's. What the preset alone says
/// stays in the slot where the scale cannot be known. Throws SlotFailure, RecipeMismatch, ParseError.
void resolveBias(SlotWork &work);

/// The weight that a bias belongs to: the layer's own, or that of a recurrent gate.
std::optional<SlotIndex> weightOfBias(const BrevitasFacts &facts, SlotIndex bias);

} // namespace quantscope
