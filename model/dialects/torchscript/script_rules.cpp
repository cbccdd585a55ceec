#include "dialects/torchscript/script_rules.h"

#include "dialects/onnx/value_uses.h"
#include "dialects/torchscript/script_operators.h"
#include "dialects/torchscript/script_uses.h"

#include <algorithm>
#include <array>

namespace quantscope::script {

namespace {

/// The last operator that a call of a quantizer has: it makes the values.
NodeId makerOf(const ScriptSlot &slot)
{
    return slot.form == ScriptSlot::Form::Output ? slot.scale.node : slot.pattern.nodes.back();
}

bool sameArgument(interpret::Constants &constants, const ScriptArgument &a, const ScriptArgument &b)
{
    const Node &first = constants.graph().nodes[a.node], &second = constants.graph().nodes[b.node];
    const ValueId from = first.input(a.position), to = second.input(b.position);
    if (from != kNoValue || to != kNoValue)
        return from != kNoValue && to != kNoValue && interpret::sameConstant(constants, from, to);
    const Attribute *one = first.attribute(std::to_string(a.position));
    const Attribute *other = second.attribute(std::to_string(b.position));
    return one != nullptr && other != nullptr && one->kind == other->kind && one->i == other->i && one->f == other->f;
}

/// A table that is quantized as a whole, of which an operator picks rows.
bool picksRows(const ScriptLayer &layer, const Node &node)
{
    const auto weight = std::ranges::find(layer.slots, Slot::Weight, &ScriptSlot::slot);
    return node.domain == "aten" && node.opType == "embedding" && weight != layer.slots.end() && weight->constant
        && weight->form == ScriptSlot::Form::Pattern;
}

} // namespace

ScriptRules::ScriptRules(interpret::Constants &constants, const std::vector<ScriptLayer> &layers)
    : m_constants(constants)
    , m_graph(constants.graph())
    , m_layers(layers)
    , m_codes(m_graph.nodes.size())
{
    for (NodeId id = 0; id < m_codes.size(); ++id) // what a node reads stands before it
        m_codes[id] = makesCodes(m_graph.nodes[id], readsCodes(m_graph.nodes[id]));
}

/// Of a branch it is asked what it hands on.
bool ScriptRules::readsCodes(const Node &node) const
{
    const bool branch = node.domain == "prim" && node.opType == "If";
    const Value *first = m_graph.value(node.input(branch ? 1 : 0));
    return first != nullptr && first->producer && !first->tensor && m_codes[*first->producer];
}

FlowUse ScriptRules::use(NodeId node, std::size_t input)
{
    return useOf(m_graph.nodes[node], input, readsCodes(m_graph.nodes[node]));
}

bool ScriptRules::isMainOutput(NodeId node, std::size_t output) const
{
    return script::isMainOutput(m_graph.nodes[node], output);
}

bool ScriptRules::isList(NodeId node) const
{
    return m_graph.nodes[node].domain == "prim" && m_graph.nodes[node].opType == "ListConstruct";
}

/// What it makes is no quantizer's, or what it keeps of one.
bool ScriptRules::isPlain(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    if (findQuantize(node) != nullptr || node.opType.find("quantize_") != std::string::npos)
        return false;
    if (m_codes[id])
        return useOf(node, 0, readsCodes(node)) != FlowUse::Computes;
    return node.domain == "aten" || findOperator(node) != nullptr;
}

void ScriptRules::take(const ScriptSlot &slot, Slot as, interpret::SlotNodes &out) const
{
    const auto make = [&](NodeId node) {
        if (!out.made[node] || *out.made[node] == Slot::Input)
            out.made[node] = as;
    };
    make(makerOf(slot));
    if (slot.form != ScriptSlot::Form::Pattern)
        return;
    // Without a clamp of them the codes are what they become.
    if (slot.pattern.quantize && !slot.pattern.clamp)
        make(*slot.pattern.quantize);
    const NodeId first = slot.pattern.nodes.front();
    if (!out.read[first] || as == Slot::Input) {
        out.read[first] = as;
        out.readAt[first] = 0;
    }
}

bool ScriptRules::isSameCall(const ScriptSlot &first, const ScriptSlot &later) const
{
    if (first.form != later.form)
        return false;
    if (first.form == ScriptSlot::Form::Output) {
        const ScriptArgument zero{first.scale.node, first.scale.position + 1};
        const ScriptArgument laterZero{later.scale.node, later.scale.position + 1};
        return sameArgument(m_constants, first.scale, later.scale) && sameArgument(m_constants, zero, laterZero);
    }
    const auto &a = first.pattern.nodes, &b = later.pattern.nodes;
    return std::ranges::equal(a, b, [&](NodeId one, NodeId other) {
        return interpret::sameQuantizer(m_constants, m_graph.nodes[one], m_graph.nodes[other]);
    });
}

interpret::SlotNodes ScriptRules::slotNodes(const std::vector<bool> &)
{
    interpret::SlotNodes out(m_graph.nodes.size());
    for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
        out.opaque[id] = !isPlain(id);
    for (const ScriptLayer &layer : m_layers) {
        for (const ScriptSlot &slot : layer.slots) {
            if (slot.constant)
                continue;
            for (const NodeId node : slot.pattern.nodes)
                out.opaque[node] = true;
            take(slot, slot.slot, out);
        }
        // A quantizer that is called again has one slot: with other numbers the slot does not tell of it.
        for (const ScriptSlot &later : layer.later) {
            const auto first = std::ranges::find(layer.slots, later.slot, &ScriptSlot::slot);
            for (const NodeId node : later.pattern.nodes)
                out.opaque[node] = true;
            out.opaque[makerOf(later)] = true;
            if (first != layer.slots.end() && isSameCall(*first, later))
                take(later, first->slot, out);
        }
        for (const NodeId node : layer.nodes)
            if (picksRows(layer, m_graph.nodes[node])) {
                out.made[node] = Slot::Weight;
                out.moved[node] = true;
            }
    }
    return out;
}

} // namespace quantscope::script
