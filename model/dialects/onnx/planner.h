#pragma once

#include "dialects/onnx/operators.h"
#include "dialects/onnx/plan.h"

#include <set>

namespace quantscope::interpret {

/// Walks the nodes of a graph in file order and collects layers. One use: run().
class Planner {
public:
    explicit Planner(Constants &constants)
        : m_constants(constants)
        , m_graph(constants.graph())
    {
    }
    Plan run();

private:
    /// What a weight or bias input of an operator is.
    struct Operand {
        PlannedSlot slot;
        std::optional<NodeId> node; ///< its quantizer's node
        ValueId tensor = kNoValue; ///< the file's tensor behind it, for names and ranks
    };
    std::optional<Operand> operandOf(ValueId value);
    std::optional<Operand> quantizedOperand(NodeId id);
    ValueId baseTensor(ValueId value) const;
    std::string baseName(ValueId value) const;

    void addNode(NodeId id);
    void addCompute(NodeId id, const ComputeOperator &op);
    int channelAxisOf(const Node &node, ValueId operand, const Operand &weight, std::size_t rank) const;
    void addBiasBehind(NodeId matMul, PlannedLayer &layer);
    void addForeign(NodeId id, const ForeignOperator &op);
    void addActivation(NodeId id, Form form);
    void addUnclaimed(NodeId id);
    void noteForeign(const Node &node);

    // Recurrent layers: one layer per gate, as Brevitas has modules.
    void addRecurrent(NodeId id, const ComputeOperator &op);
    void addLstmCell(NodeId id);
    bool addGates(NodeId id, ValueId operand);
    void addGate(const std::string &gate, const Operand &operand);

    std::size_t layerNamed(const std::string &name);
    std::size_t claimLayer(const std::string &name);
    std::string uniqueName(const std::string &name);
    std::string computeName(NodeId id, const Operand &weight, const std::optional<Operand> &bias);
    std::string activationName(NodeId id) const;
    std::string activationKindOf(ValueId value) const;
    void addSlot(std::size_t layer, PlannedSlot slot, std::optional<NodeId> node);
    Dialect dialect() const;

    Constants &m_constants;
    const Graph &m_graph;
    Plan m_plan;
    std::map<std::string, std::size_t> m_byName;
    std::map<std::string, int> m_lastNumber; ///< of the names that occur more than once
    std::set<NodeId> m_used; ///< quantizer nodes that belong to a layer already
};

} // namespace quantscope::interpret
