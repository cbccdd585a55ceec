#include "network/flow_builder.h"

#include "network/flow_order.h"
#include "network/flow_parts.h"

#include <algorithm>

namespace quantscope {

namespace {

using NodeSet = std::vector<FlowNodeId>; ///< sorted

void insertLimited(NodeSet &into, FlowNodeId node)
{
    const auto at = std::lower_bound(into.begin(), into.end(), node);
    if ((at == into.end() || *at != node) && into.size() < Flow::kMostUpstream)
        into.insert(at, node);
}

/// The edges as a graph of positions; without those out of layers when a search ends at these.
Successors successorsOf(std::span<const FlowNode> nodes, std::span<const FlowEdge> edges, bool endAtLayers)
{
    Successors out(nodes.size());
    for (const FlowEdge &edge : edges)
        if (!endAtLayers || !nodes[position(edge.from)].isStop())
            out[position(edge.from)].push_back(static_cast<std::uint32_t>(position(edge.to)));
    return out;
}

/// Nodes that give nothing but shapes: what they read is a shape or becomes one.
std::vector<bool> givingShapes(std::span<const FlowEdge> edges, std::size_t nodes)
{
    std::vector<bool> shapes(nodes, false), values(nodes, false);
    for (const FlowEdge &edge : edges)
        (edge.shapeOnly ? shapes : values)[position(edge.from)] = true;
    for (std::size_t node = 0; node < nodes; ++node)
        shapes[node] = shapes[node] && !values[node];
    return shapes;
}

/// Neither a shape nor a constant feeds a node that makes values. One pass: a node's producers stand before it, but for operators on a
/// cycle of their own, which no network has.
std::vector<NodeSet> nearestUpstream(
    std::span<const FlowNode> nodes, std::span<const FlowEdge> edges, const Successors &into)
{
    std::vector<NodeSet> upstream(nodes.size());
    const std::vector<std::uint32_t> unranked(nodes.size(), 0);
    const std::vector<bool> shapes = givingShapes(edges, nodes.size());
    for (const std::uint32_t node : topologicalOrder(successorsOf(nodes, edges, true), unranked).nodes)
        for (const std::uint32_t edge : into[node]) {
            const FlowNodeId from = edges[edge].from;
            if (edges[edge].constant || (edges[edge].shapeOnly && !shapes[node]))
                continue;
            if (!nodes[position(from)].isStop())
                for (const FlowNodeId layer : upstream[position(from)])
                    insertLimited(upstream[node], layer);
            else
                insertLimited(upstream[node], from);
        }
    for (std::size_t node = 0; node < upstream.size(); ++node)
        std::erase(upstream[node], static_cast<FlowNodeId>(node));
    return upstream;
}

/// Operators go as soon as they can, so that layers which do not depend on each other keep their own order.
std::vector<std::uint32_t> ranksOf(std::span<const FlowNode> nodes)
{
    std::vector<std::uint32_t> ranks;
    for (const FlowNode &node : nodes)
        ranks.push_back(node.layer ? static_cast<std::uint32_t>(position(*node.layer)) + 1 : 0);
    return ranks;
}

} // namespace

FlowBuilder::FlowBuilder()
    : m_parts(std::make_shared<Flow::Parts>())
{
}

FlowNodeId FlowBuilder::add(FlowNode node)
{
    const auto id = static_cast<FlowNodeId>(m_parts->nodes.size());
    if (node.layer)
        m_parts->nodeOf.emplace(*node.layer, id);
    m_parts->nodes.push_back(std::move(node));
    return id;
}

void FlowBuilder::connect(FlowEdge edge) { m_parts->edges.push_back(std::move(edge)); }

void FlowBuilder::connectNearest()
{
    Flow::Parts &parts = *m_parts;
    parts.into.resize(parts.nodes.size());
    parts.from.resize(parts.nodes.size());
    for (std::uint32_t edge = 0; edge < parts.edges.size(); ++edge) {
        parts.into[position(parts.edges[edge].to)].push_back(edge);
        parts.from[position(parts.edges[edge].from)].push_back(edge);
    }
    parts.upstream = nearestUpstream(parts.nodes, parts.edges, parts.into);
    parts.downstream.resize(parts.nodes.size());
    for (std::size_t node = 0; node < parts.nodes.size(); ++node)
        for (const FlowNodeId above : parts.upstream[node])
            if (parts.nodes[node].isStop())
                parts.downstream[position(above)].push_back(static_cast<FlowNodeId>(node));
}

Flow FlowBuilder::build()
{
    connectNearest();
    Flow::Parts &parts = *m_parts;
    TopologicalOrder order = topologicalOrder(successorsOf(parts.nodes, parts.edges, false), ranksOf(parts.nodes));
    parts.component = std::move(order.component);
    parts.place.resize(parts.nodes.size());
    for (std::uint32_t place = 0; place < order.nodes.size(); ++place) {
        const FlowNode &node = parts.nodes[order.nodes[place]];
        parts.place[order.nodes[place]] = place;
        if (node.layer)
            parts.layerOrder.push_back(*node.layer);
    }
    return Flow(std::move(m_parts));
}

} // namespace quantscope
