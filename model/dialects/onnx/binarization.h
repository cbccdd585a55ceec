#pragma once

#include "dialects/onnx/plan.h"
#include "dialects/onnx/walk.h"

#include <optional>
#include <vector>

namespace quantscope::interpret {

/// A binary quantizer that is written as elementwise operators: Sign, Sign of Sign and a small constant (larq), Where
/// of a comparison with 0, or a comparison as 2 b - 1; each may be multiplied by a scale.
struct Binarization {
    enum class Zero { Zero, Plus, Minus }; ///< the code of 0
    Zero zero = Zero::Zero;
    bool flipped = false; ///< negative values are +1
    ValueId input = kNoValue;
    ValueId scale = kNoValue; ///< what the signs are multiplied by; kNoValue for 1
    ValueId plus = kNoValue, minus = kNoValue; ///< of Where: what it chooses for positive and for other values
    NodeId last = 0; ///< its last node
    std::vector<NodeId> nodes; ///< in the direction of the data
};

/// The binarization whose last operator makes that value; from types, edges and single constants.
std::optional<Binarization> binarizationOf(Constants &constants, ValueId value);

/// Of a constant. A tensor with zeros whose code is 0 is ternary. Throws ParseError, NotConstant.
void decodeBinarization(Constants &constants, const Binarization &found, SlotQuantizer &out);

} // namespace quantscope::interpret
