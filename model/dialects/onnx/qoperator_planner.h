#pragma once

#include "dialects/onnx/operands.h"
#include "dialects/onnx/qoperators.h"

namespace quantscope::interpret {

/// Plans the layers of operators that compute with codes: weight, bias, and the quantizers of what flows in and out.
class QOperatorPlanner {
public:
    QOperatorPlanner(Constants &constants, Operands &operands, PlanBuilder &plan)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_operands(operands)
        , m_plan(plan)
    {
    }

    void add(NodeId id, const QOperator &op);
    /// Its layer has a weight and a float bias.
    void addMatMulNBits(NodeId id);

private:
    const CodePositions *weightOf(const Node &node, const QOperator &op) const;
    std::optional<Operand> coded(NodeId id, std::size_t input);
    std::optional<Operand> biasOf(NodeId id, std::size_t input, bool isCoded);
    void addBias(NodeId id, NodeId last, std::size_t layer, std::optional<Operand> bias);
    void addActivation(NodeId id, std::size_t layer, Slot slot, const CodePositions &positions);

    Constants &m_constants;
    const Graph &m_graph;
    Operands &m_operands;
    PlanBuilder &m_plan;
};

} // namespace quantscope::interpret
