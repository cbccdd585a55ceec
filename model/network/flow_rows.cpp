#include "network/flow_rows.h"

#include "network/flow_order.h"
#include "network/network.h"

#include <algorithm>
#include <memory>

namespace quantscope {

namespace {

constexpr std::uint32_t kNoRow = 0xFFFFFFFFu;
constexpr std::size_t kMostGathered = 64 * kMostSources;

struct RowSource {
    std::uint32_t row = 0;
    LinkKind kind = LinkKind::Data;
};

/// By falling row, each row once, when tidied.
struct RowSources {
    std::vector<RowSource> rows;
    bool more = false;
};

/// The path goes on through something that makes it worse.
LinkKind worse(LinkKind a, LinkKind b) { return std::max(a, b); }

/// Each row once, as the best of its ways has it; the last kMostSources of them.
void tidy(RowSources &sources)
{
    std::ranges::sort(sources.rows,
        [](const RowSource &a, const RowSource &b) { return a.row != b.row ? a.row > b.row : a.kind < b.kind; });
    const auto twice = std::ranges::unique(sources.rows, {}, &RowSource::row);
    sources.rows.erase(twice.begin(), twice.end());
    if (sources.rows.size() > kMostSources) {
        sources.rows.resize(kMostSources);
        sources.more = true;
    }
}

std::vector<std::uint32_t> layerRanks(std::span<const FlowNode> nodes)
{
    std::vector<std::uint32_t> ranks;
    ranks.reserve(nodes.size());
    for (const FlowNode &node : nodes)
        ranks.push_back(node.layer ? static_cast<std::uint32_t>(position(*node.layer)) + 1 : 0);
    return ranks;
}

Successors successorsIn(const Flow &flow)
{
    Successors out(flow.nodes().size());
    for (const FlowEdge &edge : flow.edges())
        out[position(edge.from)].push_back(static_cast<std::uint32_t>(position(edge.to)));
    return out;
}

/// One use: take().
class RowLinker {
public:
    RowLinker(const Flow &flow, std::span<const std::optional<FlowNodeId>> rows)
        : m_flow(flow)
        , m_rowOf(flow.nodes().size(), kNoRow)
        , m_into(flow.nodes().size())
        , m_sources(flow.nodes().size())
    {
        for (std::uint32_t row = 0; row < rows.size(); ++row)
            if (rows[row])
                m_rowOf[position(*rows[row])] = row;
        for (std::uint32_t edge = 0; edge < flow.edges().size(); ++edge)
            m_into[position(flow.edges()[edge].to)].push_back(edge);
        m_out.more.resize(rows.size(), false);
    }

    RowLinks take()
    {
        Successors ending = successorsIn(m_flow); // a path ends at a row
        for (std::size_t node = 0; node < ending.size(); ++node)
            if (m_rowOf[node] != kNoRow)
                ending[node].clear();
        const std::vector<std::uint32_t> unranked(ending.size(), 0);
        const TopologicalOrder order = topologicalOrder(ending, unranked);
        for (std::size_t first = 0, last = 0; first < order.nodes.size(); first = last) {
            const std::uint32_t component = order.component[order.nodes[first]];
            while (last < order.nodes.size() && order.component[order.nodes[last]] == component)
                ++last;
            visit(std::span(order.nodes).subspan(first, last - first));
        }
        std::ranges::sort(m_out.links, {}, [](const RowLink &link) { return std::pair(link.to, link.from); });
        return std::move(m_out);
    }

private:
    /// Adds what comes over one edge; rows hand over themselves.
    void add(const FlowEdge &edge, RowSources &into) const
    {
        const std::size_t from = position(edge.from);
        const LinkKind kind = edge.shapeOnly ? LinkKind::ShapeOnly : LinkKind::Data;
        if (m_rowOf[from] != kNoRow)
            return into.rows.push_back({m_rowOf[from], kind});
        if (m_sources[from] == nullptr)
            return;
        const LinkKind worst = worse(kind, m_flow.nodes()[from].isStop() ? LinkKind::Hidden : LinkKind::Data);
        for (const RowSource &source : m_sources[from]->rows)
            into.rows.push_back({source.row, worse(source.kind, worst)});
        into.more = into.more || m_sources[from]->more;
        if (into.rows.size() > kMostGathered)
            tidy(into);
    }

    /// What an operator with one input hands on as it is.
    std::shared_ptr<const RowSources> passedOn(std::uint32_t node) const
    {
        if (m_into[node].size() != 1)
            return nullptr;
        const FlowEdge &edge = m_flow.edges()[m_into[node].front()];
        const std::size_t from = position(edge.from);
        const bool asItIs = !edge.shapeOnly && !m_flow.nodes()[from].isStop() && m_rowOf[from] == kNoRow;
        return asItIs ? m_sources[from] : nullptr;
    }

    /// Nodes on one cycle, or a single one: what enters anywhere reaches all of them.
    void visit(std::span<const std::uint32_t> nodes)
    {
        std::shared_ptr<const RowSources> all = nodes.size() == 1 ? passedOn(nodes.front()) : nullptr;
        if (all == nullptr) {
            auto gathered = std::make_shared<RowSources>();
            for (const std::uint32_t node : nodes)
                for (const std::uint32_t edge : m_into[node])
                    add(m_flow.edges()[edge], *gathered);
            tidy(*gathered);
            all = std::move(gathered);
        }
        for (const std::uint32_t node : nodes)
            m_sources[node] = all;
        const std::uint32_t row = m_rowOf[nodes.front()];
        if (row == kNoRow)
            return;
        m_out.more[row] = all->more;
        for (const RowSource &source : all->rows)
            if (source.row != row)
                m_out.links.push_back({source.row, row, source.kind});
    }

    const Flow &m_flow;
    std::vector<std::uint32_t> m_rowOf; ///< of each node
    std::vector<std::vector<std::uint32_t>> m_into; ///< of each node, its edges
    std::vector<std::shared_ptr<const RowSources>>
        m_sources; ///< what reaches each node; most share those of their producer
    RowLinks m_out;
};

} // namespace

std::span<const RowLink> RowLinks::into(std::uint32_t row) const
{
    const auto found = std::ranges::equal_range(links, row, {}, &RowLink::to);
    return {found.begin(), found.end()};
}

std::vector<FlowEntry> flowEntries(const Network &network, bool everything)
{
    const Flow &flow = network.flow;
    std::vector<FlowEntry> out;
    std::vector<std::vector<LayerId>> after(network.layers.size()); // each, the unknown ones that follow it
    std::optional<LayerId> last;
    for (const Layer &layer : network.layers) {
        if (flow.nodeOf(layer.id))
            last = layer.id;
        else if (last)
            after[position(*last)].push_back(layer.id);
        else
            out.push_back({layer.id, std::nullopt});
    }
    for (const std::uint32_t at : topologicalOrder(successorsIn(flow), layerRanks(flow.nodes())).nodes) {
        const auto node = static_cast<FlowNodeId>(at);
        const auto layer = flow.node(node).layer;
        if (layer && flow.nodeOf(*layer) == node) {
            out.push_back({layer, node});
            for (const LayerId unknown : after[position(*layer)])
                out.push_back({unknown, std::nullopt});
        } else if (!layer && everything) {
            out.push_back({std::nullopt, node});
        }
    }
    return out;
}

RowLinks linksBetween(const Flow &flow, std::span<const std::optional<FlowNodeId>> rows)
{
    return RowLinker(flow, rows).take();
}

} // namespace quantscope
