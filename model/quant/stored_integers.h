#pragma once

#include "quant/quantizer.h"

#include <optional>

namespace quantscope {

/// What an integer tensor without a quantizer tells by itself: its elements are codes in their container, whose scale,
/// zero point and bit width are not known. nullopt for other element types, and for uint64, whose codes may exceed the
/// int64 of ours.
std::optional<Quantizer> storedIntegers(const TensorInfo &tensor);

} // namespace quantscope
