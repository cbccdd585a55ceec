#include "dialects/vitis/xir_flow.h"

#include "network/flow_builder.h"

#include <algorithm>
#include <array>

namespace quantscope::vitis {

namespace {

FlowUse useOf(const XirGraph &graph, NodeId id)
{
    static constexpr std::array<std::string_view, 4> kSums = {"add", "sub", "eltwise", "sum"};
    const auto isAny = [&](const auto &types) {
        return std::ranges::any_of(types, [&](std::string_view type) { return graph.isType(id, type); });
    };
    const bool maximum = graph.isType(id, "maxpool2d") || graph.isType(id, "maxpool1d")
        || (graph.isType(id, "pool") && graph.text(id, "type") == "MAX");
    if (graph.isCarrier(id) || maximum)
        return FlowUse::Keeps;
    if (graph.isType(id, "pad"))
        return FlowUse::Pads;
    if (graph.isType(id, "concat"))
        return FlowUse::Merges;
    return isAny(kSums) && graph.text(id, "type") != "MUL" ? FlowUse::Sums : FlowUse::Computes;
}

/// One use: build().
class XirFlow {
public:
    XirFlow(const XirGraph &graph, const std::vector<XirLayer> &plan)
        : m_graph(graph)
        , m_plan(plan)
        , m_owner(graph.size())
        , m_makes(graph.size())
    {
    }

    Flow build()
    {
        addLayers();
        addOthers();
        for (const NodeId id : m_graph.order())
            if (m_owner[id])
                connect(id);
        addOutputs();
        return m_builder.build();
    }

private:
    bool isLayer(FlowNodeId node) const { return position(node) < m_plan.size(); }

    void addLayers()
    {
        for (std::size_t i = 0; i < m_plan.size(); ++i) {
            FlowNode node;
            node.kind = FlowNode::Kind::Layer;
            node.layer = layerId(i);
            node.name = m_plan[i].name;
            node.graphNodes = m_plan[i].nodes;
            const FlowNodeId added = m_builder.add(std::move(node));
            for (const NodeId id : m_plan[i].nodes)
                m_owner[id] = added;
            for (const XirSlot &slot : m_plan[i].slots)
                if (!slot.constant && slot.fix)
                    m_makes[*slot.fix] = SlotId{layerId(i), slot.slot};
        }
    }

    void addOthers()
    {
        for (const NodeId id : m_graph.order()) {
            if (m_owner[id] || m_graph.followsFromConstants(id))
                continue;
            FlowNode node;
            node.kind = m_graph.isData(id) ? FlowNode::Kind::Input : FlowNode::Kind::Operator;
            node.name = m_graph.node(id).name;
            if (node.kind == FlowNode::Kind::Operator) {
                node.opType = m_graph.node(id).opType;
                node.domain = m_graph.node(id).domain;
                node.graphNodes = {id};
            }
            m_owner[id] = m_builder.add(std::move(node));
        }
        // What a compiled file reads as codes is a layer, since it has a quantizer: its input stands before it.
        for (const NodeId id : m_graph.order())
            if (m_graph.isData(id) && m_owner[id] && isLayer(*m_owner[id]))
                m_builder.connect(
                    {.from = m_builder.add({.kind = FlowNode::Kind::Input, .name = m_graph.node(id).name}),
                        .to = *m_owner[id],
                        .value = m_graph.node(id).name});
    }

    void connect(NodeId id)
    {
        const Node &node = m_graph.node(id);
        for (std::size_t input = 0; input < node.inputs.size(); ++input) {
            const auto from = m_graph.producer(node.inputs[input]);
            if (!from || !m_owner[*from] || *m_owner[*from] == *m_owner[id])
                continue;
            FlowEdge edge{.from = *m_owner[*from], .to = *m_owner[id], .input = static_cast<std::uint32_t>(input)};
            edge.value = m_graph.node(*from).name;
            edge.quantizer = m_makes[*from];
            if (!isLayer(edge.to))
                edge.use = useOf(m_graph, id);
            else if (m_graph.isQuantizer(id) && input == 0)
                edge.requantizer = m_makes[id];
            m_builder.connect(std::move(edge));
        }
    }

    void addOutputs()
    {
        for (const NodeId id : m_graph.order()) {
            const Value &made = m_graph.graph().values[m_graph.node(id).outputs[0]];
            if (!m_owner[id] || !made.consumers.empty())
                continue;
            FlowEdge edge{.from = *m_owner[id]};
            edge.to = m_builder.add({.kind = FlowNode::Kind::Output, .name = made.name});
            edge.value = made.name;
            edge.quantizer = m_makes[id];
            m_builder.connect(std::move(edge));
        }
    }

    const XirGraph &m_graph;
    const std::vector<XirLayer> &m_plan;
    std::vector<std::optional<FlowNodeId>> m_owner; ///< of each node
    std::vector<std::optional<SlotId>> m_makes; ///< of each node: the quantizer that it is
    FlowBuilder m_builder;
};

} // namespace

Flow flowOf(const XirGraph &graph, const std::vector<XirLayer> &plan) { return XirFlow(graph, plan).build(); }

} // namespace quantscope::vitis
