#pragma once

#include "dialects/onnx/plan_builder.h"

#include <optional>

namespace quantscope::interpret {

/// What a weight or bias input of an operator is.
struct Operand {
    PlannedSlot slot;
    std::optional<NodeId> node; ///< its quantizer's node
    ValueId tensor = kNoValue; ///< the file's tensor behind it, for names and ranks
};

/// Recognises the constant operands of a graph's operators, from types and edges.
class Operands {
public:
    /// Operands in a form of a dialect that is not decoded are noted in the plan.
    Operands(Constants &constants, PlanBuilder &plan)
        : m_constants(constants)
        , m_plan(plan)
        , m_graph(constants.graph())
    {
    }

    /// What an operator reads there; nothing where it is no constant.
    std::optional<Operand> at(ValueId value);
    /// The same of an operand that is always a weight: one that the network computes is not known.
    std::optional<Operand> weightAt(ValueId value);
    /// The weight of an operator at `input`, `always` as above; where no constant stands there at `other`, which
    /// `input` is then.
    std::optional<Operand> weightOf(
        const Node &node, std::size_t &input, std::optional<std::size_t> other, bool always);
    /// What a quantizer's node makes of a constant; nothing for other nodes.
    std::optional<Operand> quantizedBy(NodeId id);
    /// Codes of which a Gather picks some for a DequantizeLinear have that one's scale; of other nodes nothing changes.
    void dequantizePicked(const Node &gather, Operand &table);
    /// Adds it to a layer of the plan; where there is none, the constant vector that the only reader of `product` adds:
    /// PyTorch exports a Linear on three axes as MatMul and Add.
    void addBias(std::size_t layer, std::optional<Operand> bias, std::optional<NodeId> product);
    /// The name of the file's tensor behind a value, empty without one.
    std::string baseName(ValueId value) const;
    /// The name of a layer from its operator and what that reads.
    std::string layerName(NodeId id, const Operand &weight, const std::optional<Operand> &bias) const;

private:
    struct BiasBehind {
        NodeId add = 0;
        Operand bias;
    };
    std::optional<BiasBehind> biasBehind(NodeId product);
    ValueId baseTensor(ValueId value) const;
    const Value *typedFrom(ValueId value, ValueId tensor) const;
    bool isHandedToCall(const Node &node, ValueId operand) const;
    std::optional<Operand> writtenOut(ValueId value);
    Operand unknown(ValueId value) const;
    std::optional<Operand> roundedInPart(ValueId value) const;

    Constants &m_constants;
    PlanBuilder &m_plan;
    const Graph &m_graph;
};

/// What plans the layers of some operators: the constants of their graph, and the plan that they are added to.
class OperatorPlanner {
public:
    OperatorPlanner(Constants &constants, Operands &operands, PlanBuilder &plan)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_operands(operands)
        , m_plan(plan)
    {
    }

protected:
    Constants &m_constants;
    const Graph &m_graph;
    Operands &m_operands;
    PlanBuilder &m_plan;
};

/// "/l1/act_quant/..." -> "l1"; where a node's name says nothing, its output's.
std::string activationName(const Graph &graph, NodeId id);

} // namespace quantscope::interpret
