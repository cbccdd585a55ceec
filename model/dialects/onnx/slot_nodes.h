#pragma once

#include "dialects/onnx/plan.h"

#include <optional>
#include <vector>

namespace quantscope::interpret {

/// Where the quantizers of activations stand among the nodes of a graph; one entry a node.
struct SlotNodes {
    std::vector<std::optional<Slot>> made; ///< the slot of its layer whose quantizer makes what the node makes
    std::vector<std::optional<Slot>> read; ///< the slot whose quantizer meets first what the node reads..
    std::vector<std::size_t> readAt; ///< ..at this input
    std::vector<bool>
        keeps; ///< casts and the DequantizeLinear that turn back what a quantizer made, as they stand apart
    std::vector<bool> opaque; ///< what it makes is quantized in a way that no slot tells, or not known
    std::vector<bool> moved; ///< of those with `made`: it picks among what the quantizer made

    explicit SlotNodes(std::size_t nodes = 0);
};

/// Two calls of one quantizer: the same operator with the same numbers.
bool sameQuantizer(Constants &constants, const Node &a, const Node &b);

/// `joined`: of each node, whether it is a DequantizeLinear that belongs to the layer of its QuantizeLinear. Reads the
/// numbers of scales and zero points only where they are not one value.
SlotNodes slotNodesOf(Constants &constants, const Plan &plan, const std::vector<bool> &joined);

} // namespace quantscope::interpret
