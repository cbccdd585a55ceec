#pragma once

#include "dialects/onnx/operands.h"
#include "dialects/onnx/operators.h"

namespace quantscope::interpret {

/// Recurrent operators: one layer per gate, as Brevitas has modules.
class RecurrentPlanner : OperatorPlanner {
public:
    using OperatorPlanner::OperatorPlanner;

    /// ONNX' LSTM, GRU, RNN.
    void addRecurrent(NodeId id, const ComputeOperator &op);
    /// Brevitas' QuantLSTMCell.
    void addLstmCell(NodeId id);

private:
    bool addGates(NodeId id, ValueId operand);
    void addGate(const std::string &gate, const Operand &operand);
};

} // namespace quantscope::interpret
