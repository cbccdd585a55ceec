#pragma once

#include "dialects/brevitas/facts.h"

namespace quantscope {

/// Says of the slots of an LSTM or RNN what no recipe needs to say: with whom they share a quantizer.
void shareByConstruction(BrevitasFacts &facts);

/// Links sharers with their owners by what `shared_with` says. Throws RecipeMismatch: no such quantizer, of another
/// kind, a circle.
void linkSharers(BrevitasFacts &facts);

} // namespace quantscope
