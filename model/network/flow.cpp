#include "network/flow.h"

#include "network/flow_parts.h"

#include <algorithm>
#include <set>

namespace quantscope {

namespace {

using Edges = std::vector<std::uint32_t>;

/// Marks what a search through operators meets, along the edges of each node (`at`) to their `end`.
std::vector<bool> reached(const std::vector<FlowNode> &nodes, const std::vector<FlowEdge> &edges,
    const std::vector<Edges> &at, FlowNodeId FlowEdge::*end, FlowNodeId start)
{
    std::vector<bool> seen(nodes.size(), false);
    std::vector<FlowNodeId> open{start};
    while (!open.empty()) {
        const Edges &next = at[position(open.back())];
        open.pop_back();
        for (const std::uint32_t edge : next) {
            const FlowNodeId neighbour = edges[edge].*end;
            if (seen[position(neighbour)])
                continue;
            seen[position(neighbour)] = true;
            if (!nodes[position(neighbour)].isStop())
                open.push_back(neighbour);
        }
    }
    return seen;
}

std::vector<FlowNodeId> neighbours(
    const std::vector<FlowEdge> &edges, const Edges &positions, FlowNodeId FlowEdge::*end)
{
    std::vector<FlowNodeId> out;
    std::set<FlowNodeId> seen;
    for (const std::uint32_t edge : positions)
        if (seen.insert(edges[edge].*end).second)
            out.push_back(edges[edge].*end);
    return out;
}

std::vector<FlowEdge> edgesAt(const std::vector<FlowEdge> &edges, const Edges &positions)
{
    std::vector<FlowEdge> out;
    for (const std::uint32_t edge : positions)
        out.push_back(edges[edge]);
    return out;
}

} // namespace

Flow::Flow()
{
    static const auto kNothing = std::make_shared<const Parts>();
    m_parts = kNothing;
}

std::span<const FlowNode> Flow::nodes() const { return m_parts->nodes; }
std::span<const FlowEdge> Flow::edges() const { return m_parts->edges; }

std::optional<FlowNodeId> Flow::nodeOf(LayerId layer) const
{
    const auto found = m_parts->nodeOf.find(layer);
    return found == m_parts->nodeOf.end() ? std::nullopt : std::optional(found->second);
}

std::vector<FlowEdge> Flow::edgesInto(FlowNodeId id) const
{
    return edgesAt(m_parts->edges, m_parts->into[position(id)]);
}

std::vector<FlowEdge> Flow::edgesFrom(FlowNodeId id) const
{
    return edgesAt(m_parts->edges, m_parts->from[position(id)]);
}

std::vector<FlowNodeId> Flow::producers(FlowNodeId id) const
{
    return neighbours(m_parts->edges, m_parts->into[position(id)], &FlowEdge::from);
}

std::vector<FlowNodeId> Flow::consumers(FlowNodeId id) const
{
    return neighbours(m_parts->edges, m_parts->from[position(id)], &FlowEdge::to);
}

std::vector<FlowNodeId> Flow::upstream(FlowNodeId id) const { return m_parts->upstream[position(id)]; }

std::vector<FlowNodeId> Flow::downstream(FlowNodeId id) const
{
    if (node(id).isStop())
        return m_parts->downstream[position(id)];
    const std::vector<bool> below = reached(m_parts->nodes, m_parts->edges, m_parts->from, &FlowEdge::to, id);
    std::vector<FlowNodeId> out;
    for (std::size_t i = 0; i < below.size(); ++i)
        if (below[i] && nodes()[i].isStop())
            out.push_back(static_cast<FlowNodeId>(i));
    return out;
}

std::vector<FlowNodeId> Flow::between(FlowNodeId from, FlowNodeId to) const
{
    const std::vector<bool> below = reached(m_parts->nodes, m_parts->edges, m_parts->from, &FlowEdge::to, from);
    const std::vector<bool> above = reached(m_parts->nodes, m_parts->edges, m_parts->into, &FlowEdge::from, to);
    std::vector<FlowNodeId> out;
    for (std::size_t i = 0; i < below.size(); ++i)
        if (below[i] && above[i] && nodes()[i].kind == FlowNode::Kind::Operator)
            out.push_back(static_cast<FlowNodeId>(i));
    std::ranges::sort(out, {}, [&](FlowNodeId at) { return m_parts->place[position(at)]; });
    return out;
}

std::vector<FlowNodeId> Flow::joins() const
{
    std::vector<FlowNodeId> out;
    for (std::size_t i = 0; i < nodes().size(); ++i) {
        const Edges &into = m_parts->into[i];
        const auto carriesData = [&](std::uint32_t edge) {
            const std::size_t from = position(m_parts->edges[edge].from);
            return !m_parts->edges[edge].shapeOnly && m_parts->component[from] != m_parts->component[i];
        };
        const bool joining = nodes()[i].isStop() || nodes()[i].kind == FlowNode::Kind::Operator;
        if (joining && std::count_if(into.begin(), into.end(), carriesData) > 1)
            out.push_back(static_cast<FlowNodeId>(i));
    }
    return out;
}

std::vector<LayerId> Flow::layerOrder() const { return m_parts->layerOrder; }

} // namespace quantscope
