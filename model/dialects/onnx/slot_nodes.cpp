#include "dialects/onnx/slot_nodes.h"

#include "dialects/onnx/names.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/value_uses.h"

#include <algorithm>
#include <array>

namespace quantscope::interpret {

namespace {

bool isQuantizer(const Node &node)
{
    return isQuant(node) || isBipolar(node) || isTrunc(node) || isFixNeuron(node) || isQuantize(node)
        || isThresholds(node);
}

bool sameAttribute(const Attribute &a, const Attribute &b)
{
    return a.kind == b.kind && a.i == b.i && a.f == b.f && a.s == b.s && a.ints == b.ints && a.floats == b.floats;
}

/// It picks rows of a table that is quantized as a whole.
bool picksOfTable(const Graph &graph, const PlannedLayer &layer, NodeId node)
{
    static constexpr std::array kUnquantized = {Form::Plain, Form::Unknown, Form::Picked};
    const auto weight = std::ranges::find(layer.slots, Slot::Weight, &PlannedSlot::slot);
    return graph.nodes[node].opType == "Gather" && graph.nodes[node].domain.empty() && weight != layer.slots.end()
        && weight->constant && std::ranges::find(kUnquantized, weight->form) == kUnquantized.end();
}

/// One use: run().
class SlotFinder {
public:
    SlotFinder(Constants &constants, const Plan &plan)
        : m_constants(constants)
        , m_graph(constants.graph())
        , m_plan(plan)
        , m_out(m_graph.nodes.size())
    {
    }

    SlotNodes run(const std::vector<bool> &joined)
    {
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            m_out.opaque[id] = !isPlain(m_graph.nodes[id]) || isQuantizer(m_graph.nodes[id]);
        for (const PlannedLayer &layer : m_plan.layers) {
            for (const PlannedSlot &slot : layer.slots)
                takeSlot(layer, slot);
            for (const NodeId node : layer.nodes)
                if (!m_out.made[node] && isQuantizer(m_graph.nodes[node]))
                    takeLaterCall(layer, node);
                else if (picksOfTable(m_graph, layer, node))
                    takeTable(node);
        }
        for (NodeId id = 0; id < m_graph.nodes.size(); ++id)
            if (isDequantize(m_graph.nodes[id]))
                takeDequantize(id, joined[id]);
        return std::move(m_out);
    }

private:
    void takeSlot(const PlannedLayer &layer, const PlannedSlot &slot)
    {
        const bool activation = slot.slot != Slot::Weight && slot.slot != Slot::Bias;
        if (!activation || slot.constant || std::ranges::find(layer.nodes, slot.node) == layer.nodes.end())
            return;
        if (slot.form == Form::Scalars) { // a cell: which of its quantizers makes an output is not told
            m_out.opaque[slot.node] = true;
            return;
        }
        std::optional<Slot> &made = m_out.made[slot.node], &read = m_out.read[slot.node];
        const bool makes = slot.slot != Slot::Input || isQuantizer(m_graph.nodes[slot.node]);
        if (makes && (!made || *made == Slot::Input))
            made = slot.slot;
        for (const auto &step : {slot.scale, slot.offset})
            if (makes && step)
                m_out.made[step->node] = slot.slot;
        const bool reads = slot.form != Form::Codes || slot.slot == Slot::Input; // an output has no operand
        if (reads && (!read || slot.slot == Slot::Input)) {
            read = slot.slot;
            m_out.readAt[slot.node] = slot.form == Form::Codes ? slot.firstInput : 0;
        }
    }

    /// A quantizer that is called again has one slot: with other numbers the slot does not tell of it.
    void takeLaterCall(const PlannedLayer &layer, NodeId node)
    {
        const auto module = moduleSlot(m_graph.nodes[node].name);
        const auto first = std::ranges::find_if(layer.slots,
            [&](const PlannedSlot &slot) { return module && slot.slot == module->slot && !slot.constant; });
        m_out.opaque[node] = true;
        if (first == layer.slots.end() || !sameQuantizer(m_constants, m_graph.nodes[first->node], m_graph.nodes[node]))
            return;
        m_out.made[node] = m_out.read[node] = first->slot;
    }

    void takeTable(NodeId gather)
    {
        m_out.made[gather] = Slot::Weight;
        m_out.moved[gather] = true;
    }

    /// Within its layer it makes what the quantizer makes; elsewhere it keeps it.
    void takeDequantize(NodeId id, bool joined)
    {
        const auto halves = halvesOf(m_constants, id, joined);
        if (halves && joined)
            m_out.made[id] = m_out.made[halves->maker];
        m_out.opaque[id] = !halves || (joined && !m_out.made[id]);
        if (!halves || joined)
            return;
        m_out.keeps[id] = true;
        for (const NodeId cast : halves->casts)
            m_out.keeps[cast] = true;
    }

    Constants &m_constants;
    const Graph &m_graph;
    const Plan &m_plan;
    SlotNodes m_out;
};

} // namespace

SlotNodes::SlotNodes(std::size_t nodes)
    : made(nodes)
    , read(nodes)
    , readAt(nodes)
    , keeps(nodes)
    , opaque(nodes)
    , moved(nodes)
{
}

bool sameQuantizer(Constants &constants, const Node &a, const Node &b)
{
    if (a.opType != b.opType || a.inputs.size() != b.inputs.size() || a.attributes.size() != b.attributes.size())
        return false;
    for (std::size_t input = 1; input < a.inputs.size(); ++input)
        if (!sameConstant(constants, a.inputs[input], b.inputs[input]))
            return false;
    return std::ranges::all_of(a.attributes, [&](const Attribute &attribute) {
        const Attribute *other = b.attribute(attribute.name);
        return other != nullptr && sameAttribute(attribute, *other);
    });
}

SlotNodes slotNodesOf(Constants &constants, const Plan &plan, const std::vector<bool> &joined)
{
    return SlotFinder(constants, plan).run(joined);
}

} // namespace quantscope::interpret
