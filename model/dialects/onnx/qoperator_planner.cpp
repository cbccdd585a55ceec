#include "dialects/onnx/qoperator_planner.h"

#include "dialects/onnx/accumulator_scale.h"
#include "dialects/onnx/channel_axis.h"
#include "dialects/onnx/operators.h"

#include <limits>

namespace quantscope::interpret {

/// The operand that is shown as weight.
const CodePositions *QOperatorPlanner::weightOf(const Node &node, const QOperator &op) const
{
    const auto isStored = [&](const CodePositions &operand) {
        return operand.codes && m_constants.paths().isStored(operandOf(node, operand).codes);
    };
    switch (op.role) {
    case QOperator::Role::Weight: return &op.second;
    case QOperator::Role::Product:
    case QOperator::Role::Elementwise:
        return isStored(op.second) ? &op.second : isStored(op.first) ? &op.first : nullptr;
    case QOperator::Role::Activation: break;
    }
    return nullptr;
}

/// Codes of the file as they reach the operator, whatever shape they are stored in.
std::optional<Operand> QOperatorPlanner::coded(NodeId id, std::size_t input)
{
    const ValueId value = m_graph.nodes[id].input(input);
    if (!m_constants.paths().isStored(value))
        return std::nullopt;
    if (m_constants.paths().unknownAbove(value))
        return m_operands.at(value);
    Operand out;
    out.slot.form = Form::Codes;
    out.slot.node = id;
    out.slot.firstInput = input;
    out.slot.value = value;
    out.slot.constant = true;
    out.tensor = sourceOf(m_graph, value).value;
    if (const Value *base = m_graph.value(out.tensor); base == nullptr || !base->tensor)
        out.tensor = m_constants.paths().tensorBehind(value);
    return out;
}

std::optional<Operand> QOperatorPlanner::biasOf(NodeId id, std::size_t input, bool isCoded)
{
    return isCoded ? coded(id, input) : m_operands.at(m_graph.nodes[id].input(input));
}

/// A quantizer of what the network computes. That of a DynamicQuantizeLinear is a layer of its own.
void QOperatorPlanner::addActivation(NodeId id, std::size_t layer, Slot slot, const CodePositions &positions)
{
    const Node &node = m_graph.nodes[id];
    const CodedOperand operand = operandOf(node, positions);
    if (operand.scale == kNoValue)
        return;
    const Source scale = sourceOf(m_graph, operand.scale);
    if (scale.node && isDynamicQuantize(m_graph.nodes[*scale.node]))
        return;
    PlannedSlot planned;
    planned.slot = slot;
    planned.form = Form::Codes;
    planned.node = id;
    planned.value = operand.codes;
    planned.firstInput = positions.codes.value_or(std::numeric_limits<std::size_t>::max());
    m_plan.addSlot(layer, planned, std::nullopt);
}

void QOperatorPlanner::add(NodeId id, const QOperator &op)
{
    const Node &node = m_graph.nodes[id];
    const CodePositions *positions = weightOf(node, op);
    auto weight = positions == nullptr ? std::nullopt : coded(id, *positions->codes);
    if (!weight && op.role == QOperator::Role::Weight)
        weight = m_operands.weightAt(node.input(*positions->codes));
    auto bias = op.bias ? biasOf(id, *op.bias, op.codedBias) : std::nullopt;
    const std::size_t layer
        = m_plan.claimLayer(weight ? m_operands.layerName(id, *weight, bias) : activationName(m_graph, id));
    PlannedLayer &planned = m_plan.layer(layer);
    planned.nodes.push_back(id);
    planned.kind = op.role == QOperator::Role::Product && !weight ? "MatMul" : std::string(op.kind);
    planned.groups = groupsOf(node);
    NodeId last = id;
    if (op.scaledBehind) {
        const AccumulatorScale scale
            = accumulatorScaleOf(m_constants, id, positions == nullptr ? op.first : otherThan(op, *positions));
        planned.nodes.insert(planned.nodes.end(), scale.nodes.begin(), scale.nodes.end());
        last = scale.last;
    }
    if (weight) {
        auto view = m_constants.view(weight->slot.value);
        if (view == nullptr)
            view = m_constants.view(weight->tensor);
        const std::size_t rank = view == nullptr ? 0 : view->shape.size();
        planned.kind = kindOf({op.opType, op.kind, 0, std::nullopt, std::nullopt, false, op.kind == "Conv"}, rank);
        weight->slot.slot = Slot::Weight;
        Operand arriving = *weight;
        arriving.tensor = weight->slot.value;
        const WeightChain chain = weightChainOf(m_constants, node.input(*positions->codes), arriving);
        weight->slot.channelAxis = channelAxisOf(node, *positions->codes, chain, rank);
        weight->slot.chain = chain.steps;
        m_plan.addSlot(layer, weight->slot, weight->node);
    }
    const bool makesCodes = operandOf(node, op.output).scale != kNoValue;
    m_operands.addBias(layer, std::move(bias), makesCodes ? std::nullopt : std::optional(last));
    addActivation(id, layer, Slot::Input, weight && positions->codes == op.first.codes ? op.second : op.first);
    addActivation(id, layer, Slot::Output, op.output);
}

void QOperatorPlanner::addMatMulNBits(NodeId id)
{
    const Node &node = m_graph.nodes[id];
    auto weight = m_constants.paths().isStored(node.input(1)) ? coded(id, 1) : m_operands.weightAt(node.input(1));
    auto bias = biasOf(id, 5, false);
    if (!weight)
        return;
    const std::string name = m_operands.layerName(id, *weight, bias);
    m_operands.addBias(addBlocks(id, name, "Linear", std::move(*weight)), std::move(bias), id);
}

void QOperatorPlanner::addGatherBlocks(NodeId id)
{
    auto table = coded(id, 0);
    if (!table)
        return;
    const std::string name = m_operands.layerName(id, *table, std::nullopt);
    addBlocks(id, name, "Embedding", std::move(*table));
}

std::size_t QOperatorPlanner::addBlocks(NodeId id, const std::string &name, const char *kind, Operand weight)
{
    const std::size_t layer = m_plan.claimLayer(name);
    m_plan.layer(layer).kind = kind;
    m_plan.layer(layer).nodes.push_back(id);
    if (weight.slot.form == Form::Codes)
        weight.slot.form = Form::Blocks;
    weight.slot.slot = Slot::Weight;
    m_plan.addSlot(layer, weight.slot, weight.node);
    return layer;
}

} // namespace quantscope::interpret
