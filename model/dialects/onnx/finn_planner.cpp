#include "dialects/onnx/finn_planner.h"

#include "base/text.h"
#include "dialects/onnx/channel_axis.h"
#include "dialects/onnx/finn_type.h"
#include "dialects/onnx/labels.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

std::string attributeSaid(const Node &node, std::string_view name)
{
    return fmt::format("{}, attribute {}", nodeLabel(node), name);
}

bool quantizes(std::string_view type) { return !type.empty() && type != "FLOAT32" && type != "FLOAT16"; }

/// Its own layer, or slot, says what leaves it.
bool quantizesOutput(const Node &node)
{
    const HardwareOperator *hardware = findHardware(node);
    return isQuant(node) || isBipolar(node) || isTrunc(node) || isFloatQuant(node) || isFixNeuron(node)
        || isQuantize(node) || isDequantize(node) || isThresholds(node)
        || (hardware != nullptr && hardware->hasThresholds(node));
}

/// What a hardware layer sums in, as bits in two's complement.
std::optional<int> accumulatorBitsOf(const Node &node)
{
    const Attribute *given = node.attribute("accDataType");
    const auto type = given != nullptr ? finnTypeFromName(given->s) : std::nullopt;
    if (!type || type->kind != FinnType::Kind::Integer)
        return std::nullopt;
    return type->bits + (type->isSigned ? 0 : 1);
}

} // namespace

bool saysFinnType(const Value &value) { return quantizes(value.finnDatatype); }

/// FINN builds from the attribute; the annotation may be older, because weights are narrowed late.
void FinnPlanner::takeType(const Node &node, const HardwareOperator &op, PlannedSlot &slot) const
{
    const Attribute *type = node.attribute(op.weightType);
    slot.ofHardware = slot.form == Form::Finn || slot.form == Form::Plain;
    if (!slot.ofHardware || type == nullptr || type->kind != Attribute::Kind::String || type->s.empty())
        return;
    if (slot.form == Form::Finn && slot.datatype != type->s)
        slot.contradicted = fmt::format("{} by {}", slot.datatype, slot.said);
    slot.form = Form::Finn;
    slot.datatype = type->s;
    slot.said = attributeSaid(node, op.weightType);
}

void FinnPlanner::addHardware(NodeId id, const HardwareOperator &op)
{
    const Node &node = m_graph.nodes[id];
    std::size_t input = op.weight;
    auto weight = m_operands.weightOf(node, input, op.otherWeight, !op.otherWeight);
    if (!weight)
        return;
    const auto view = m_constants.view(weight->tensor);
    const std::size_t rank = view == nullptr ? 0 : view->shape.size();
    const std::size_t layer = m_plan.claimLayer(m_operands.layerName(id, *weight, std::nullopt));
    PlannedLayer &planned = m_plan.layer(layer);
    planned.kind = kindOf({op.opType, op.kind, 0, {}, {}, false, op.kind == "Conv"}, rank);
    planned.nodes.push_back(id);
    const std::int64_t channels = op.kind == "Conv" ? node.integer("Channels", 1) : 1;
    if (channels > 0 && channels <= INT32_MAX)
        planned.groups = static_cast<int>(channels);
    planned.accumulatorBits = accumulatorBitsOf(node);
    takeType(node, op, weight->slot);
    if (weight->slot.ofHardware)
        weight->slot.node = id;
    weight->slot.slot = Slot::Weight;
    const WeightChain chain = weightChainOf(m_constants, node.input(input), *weight);
    weight->slot.channelAxis = channelAxisOf(node, input, chain, rank);
    weight->slot.chain = chain.steps;
    weight->slot.note = hardwareText(node);
    m_plan.addSlot(layer, weight->slot, weight->node);
    addTypes(layer, id, op);
    if (node.attribute("inputDataType") == nullptr)
        addTypedInput(layer, node.input(input == 0 ? 1 : 0));
}

/// Of what comes in and, where it has thresholds, of what leaves; without them it makes sums.
void FinnPlanner::addTypes(std::size_t layer, NodeId id, const HardwareOperator &op)
{
    const Node &node = m_graph.nodes[id];
    const Attribute *type = node.attribute("inputDataType");
    if (type != nullptr && type->kind == Attribute::Kind::String && quantizes(type->s)) {
        PlannedSlot slot;
        slot.slot = Slot::Input;
        slot.form = Form::Finn;
        slot.value = node.input(0);
        slot.node = id;
        slot.datatype = type->s;
        slot.said = attributeSaid(node, "inputDataType");
        m_plan.addSlot(layer, std::move(slot), std::nullopt);
    }
    if (!op.hasThresholds(node))
        return;
    PlannedSlot slot;
    slot.slot = Slot::Output;
    slot.form = Form::Thresholds;
    slot.value = node.outputs.empty() ? kNoValue : node.outputs[0];
    slot.node = id;
    m_plan.addSlot(layer, std::move(slot), std::nullopt);
}

std::optional<ValueId> FinnPlanner::onlyComputed(const Node &node) const
{
    std::optional<ValueId> only;
    for (const ValueId input : node.inputs) {
        if (m_graph.value(input) == nullptr || m_constants.paths().isStored(input))
            continue;
        if (only && *only != input)
            return std::nullopt;
        only = input;
    }
    return only;
}

std::optional<ValueId> FinnPlanner::typedAbove(ValueId read) const
{
    constexpr int kLongestPath = 64;
    std::optional<ValueId> typed;
    ValueId at = read;
    for (int step = 0; step < kLongestPath; ++step) {
        const Value *value = m_graph.value(at);
        if (value == nullptr || value->tensor)
            return std::nullopt;
        if (!typed && saysFinnType(*value))
            typed = at;
        const Node *maker = m_graph.producerOf(at);
        if (maker == nullptr)
            return typed;
        if (quantizesOutput(*maker) || (!typed && !keepsValues(*maker)))
            return std::nullopt;
        const auto above = onlyComputed(*maker);
        if (!above || findCompute(*maker) != nullptr || findHardware(*maker) != nullptr)
            return typed;
        at = *above;
    }
    return typed;
}

void FinnPlanner::addTypedInput(std::size_t layer, ValueId read)
{
    const auto typed = typedAbove(read);
    if (!typed)
        return;
    const Value &value = *m_graph.value(*typed);
    PlannedSlot slot;
    slot.slot = Slot::Input;
    slot.form = Form::Finn;
    slot.value = *typed;
    slot.datatype = value.finnDatatype;
    slot.said = fmt::format("finn_datatype of {}", printable(value.name));
    m_plan.addSlot(layer, std::move(slot), std::nullopt);
}

std::optional<ModuleStep> FinnPlanner::moduleStep(NodeId id, std::string_view opType) const
{
    constexpr std::string_view kModule = "/export_handler/";
    const Node &node = m_graph.nodes[id];
    const std::size_t end = node.name.find(kModule);
    const Value *made = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    if (end == std::string::npos || made == nullptr || made->consumers.size() != 1)
        return std::nullopt;
    const NodeId nextId = made->consumers[0];
    const Node &next = m_graph.nodes[nextId];
    const std::string_view module = std::string_view(node.name).substr(0, end + kModule.size());
    if (next.opType != opType || !next.domain.empty() || !next.name.starts_with(module))
        return std::nullopt;
    const ValueId other = next.input(0) == node.outputs[0] ? next.input(1) : next.input(0);
    if (!m_constants.folder().isConstant(other))
        return std::nullopt;
    return ModuleStep{nextId, other};
}

std::string FinnPlanner::sumText(const Node &node) const
{
    const Value *sum = node.outputs.empty() ? nullptr : m_graph.value(node.outputs[0]);
    return sum == nullptr || !saysFinnType(*sum)
        ? std::string()
        : fmt::format("sums: {} (finn_datatype of {})", printable(sum->finnDatatype), printable(sum->name));
}

} // namespace quantscope::interpret
