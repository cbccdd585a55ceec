#pragma once

#include "base/ids.h"
#include "dialects/vitis/xir_graph.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope::vitis {

/// A slot of a planned layer: a constant, a quantizer, or both.
struct XirSlot {
    Slot slot = Slot::Weight;
    std::optional<NodeId> constant; ///< whose data it is
    std::optional<NodeId> fix; ///< the operator that says its quantizer
    const XirOperator *op = nullptr; ///< of weights: how they lie
    std::optional<NodeId> compute = {}; ///< of weights: what reads them
    bool wasMatrix = false; ///< the compiler made a convolution of a matrix product
    std::vector<std::int64_t> flattened = {}; ///< of a matrix: axes that the network lays flat before it, channels last
};

struct XirLayer {
    std::string name, kind;
    int groups = 1;
    std::vector<XirSlot> slots;
    std::vector<NodeId> nodes; ///< all that it is made of, in topological order
    std::optional<NodeId> compute; ///< its operator with weights
};

/// The layers of a graph in topological order: operators with constant weights, with the quantizer of their output
/// where that follows alone, and every other operator that quantizes. What only hands a quantizer on is none.
std::vector<XirLayer> planXir(const XirGraph &graph);

} // namespace quantscope::vitis
