#pragma once

#include "dialects/onnx/operands.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/plan_builder.h"

namespace quantscope::interpret {

/// Recurrent operators: one layer per gate, as Brevitas has modules.
class RecurrentPlanner {
public:
    RecurrentPlanner(const Graph &graph, Operands &operands, PlanBuilder &plan)
        : m_graph(graph)
        , m_operands(operands)
        , m_plan(plan)
    {
    }

    /// ONNX' LSTM, GRU, RNN.
    void addRecurrent(NodeId id, const ComputeOperator &op);
    /// Brevitas' QuantLSTMCell.
    void addLstmCell(NodeId id);

private:
    bool addGates(NodeId id, ValueId operand);
    void addGate(const std::string &gate, const Operand &operand);

    const Graph &m_graph;
    Operands &m_operands;
    PlanBuilder &m_plan;
};

} // namespace quantscope::interpret
