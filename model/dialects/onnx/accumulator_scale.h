#pragma once

#include "dialects/onnx/qoperators.h"
#include "dialects/onnx/walk.h"

#include <string>
#include <vector>

namespace quantscope::interpret {

/// How the integers of a ConvInteger or MatMulInteger become real numbers again: Mul(Cast(result), Mul(x_scale,
/// w_scale)), or one product after the other.
struct AccumulatorScale {
    ValueId weight = kNoValue; ///< the weight's scale; kNoValue where it is not told
    NodeId reader = 0; ///< the operator that multiplies by it
    std::size_t input = 0; ///< at this input
    bool reshaped = false; ///< its shape changes before the product: it says the count, not the axis
    std::string why; ///< why the weight's scale is not told
    std::vector<NodeId> nodes; ///< casts and products that nothing else reads
    NodeId last = 0; ///< that makes the real numbers; the operator itself without any
};

/// Of the operator `id`, whose activation `input` names; from types and edges alone.
AccumulatorScale accumulatorScaleOf(const Constants &constants, NodeId id, const CodePositions &input);

} // namespace quantscope::interpret
