#pragma once

#include "dialects/onnx/operands.h"

#include <optional>
#include <vector>

namespace quantscope::interpret {

/// What lies between a stored operand's quantizer, or the tensor itself where it has none, and the operator that reads
/// it: Transpose, Reshape, Flatten, Squeeze and Unsqueeze.
struct WeightChain {
    std::vector<LayoutStep> steps; ///< from the quantizer to the operator
    std::vector<Shape> shapes; ///< one more than steps: before the first, behind each; empty where they are not known

    /// Where an axis of what the operator reads lies in what is quantized; nothing where a Reshape joins it with others
    /// or splits it.
    std::optional<std::size_t> storedAxis(std::size_t axis) const;
    /// Number of axes of what the operator reads.
    std::optional<std::size_t> rank() const;
};

/// `value` is what the operator reads. No element is read but for the operands of Reshape, Squeeze and Unsqueeze.
WeightChain weightChainOf(Constants &constants, ValueId value, const Operand &operand);

} // namespace quantscope::interpret
