#pragma once

#include "dialects/onnx/walk.h"
#include "network/flow.h"

#include <optional>
#include <vector>

namespace quantscope::interpret {

/// What an operator without a quantizer does with what it reads at a position: a row of the table of operators that
/// keep values, merge them or sum them up, else FlowUse::Computes. Reads no element but single constants: the value of
/// a Pad, the training flag of a Dropout.
FlowUse useOf(Constants &constants, const Node &node, std::size_t input);

/// All its outputs are what it is named for: not those of MaxPool, whose second are positions.
bool isMainOutput(const Node &node, std::size_t output);

/// The two halves of a quantizer that stand apart.
struct QuantizerHalves {
    NodeId maker = 0; ///< of the integers
    std::vector<NodeId> casts; ///< between them
};
/// What makes the integers that a DequantizeLinear reads, through operators that keep them, with the scale and zero
/// point that it turns them back with: then it gives the values that were quantized. A Clip between them is passed
/// where it belongs to that quantizer.
std::optional<QuantizerHalves> halvesOf(Constants &constants, NodeId dequantize, bool throughClip);

/// Its results are numbers that no quantizer has made: an operator of ONNX, or one that is known to compute. Nothing
/// with a subgraph, no sequence, nothing that quantizes.
bool isPlain(const Node &node);

/// Two inputs are one constant: one value, or two with equal numbers. One that is missing is zero.
bool sameConstant(Constants &constants, ValueId a, ValueId b);

} // namespace quantscope::interpret
