#pragma once

#include "dialects/onnx/operands.h"
#include "dialects/onnx/qoperators.h"

namespace quantscope::interpret {

/// Plans the layers of operators that compute with codes: weight, bias, and the quantizers of what flows in and out.
class QOperatorPlanner : OperatorPlanner {
public:
    using OperatorPlanner::OperatorPlanner;

    void add(NodeId id, const QOperator &op);
    /// Its layer has a weight and a float bias.
    void addMatMulNBits(NodeId id);
    void addGatherBlocks(NodeId id);

private:
    const CodePositions *weightOf(const Node &node, const QOperator &op) const;
    std::optional<Operand> coded(NodeId id, std::size_t input);
    /// A layer whose weight has a scale for each block; returns its position in the plan.
    std::size_t addBlocks(NodeId id, const std::string &name, const char *kind, Operand weight);
    std::optional<Operand> biasOf(NodeId id, std::size_t input, bool isCoded);
    void addActivation(NodeId id, std::size_t layer, Slot slot, const CodePositions &positions);
};

} // namespace quantscope::interpret
