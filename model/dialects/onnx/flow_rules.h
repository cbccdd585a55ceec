#pragma once

#include "dialects/onnx/slot_nodes.h"
#include "network/flow.h"

namespace quantscope::interpret {

/// What is known of the operators of a graph and of what quantizes between them.
class FlowRules {
public:
    virtual ~FlowRules() = default;
    /// `joined`: of each node, whether it is a DequantizeLinear that belongs to the layer of its QuantizeLinear.
    virtual SlotNodes slotNodes(const std::vector<bool> &joined) = 0;
    /// What an operator without a quantizer does with what it reads at a position.
    virtual FlowUse use(NodeId node, std::size_t input) = 0;
    /// All outputs of an operator are what it is named for, or that one is.
    virtual bool isMainOutput(NodeId node, std::size_t output) const = 0;
    /// It only puts what it reads into a list.
    virtual bool isList(NodeId node) const = 0;
};

} // namespace quantscope::interpret
