#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// Gives a weight its quantizer by its spec. Throws SlotFailure, ParseError.
void resolveWeight(SlotWork &work);

/// The scale, and what zero point goes with it, of a weight or of a bias with a scale of its own.
void setTensorScale(SlotWork &work, Quantizer &quantizer, int bits);

/// A tensor that torch itself stored quantized: everything is read.
void resolveStoredInteger(SlotWork &work);

/// Nothing but a scale's shape tells a transposed convolution, whose output channels lie along axis 1: says so where
/// values per channel rest on it.
void markAssumedAxis(SlotWork &work, Quantizer &quantizer);

} // namespace quantscope
