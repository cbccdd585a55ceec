#include "run/torch/run_steps.h"

#include "base/text.h"

#include <fmt/format.h>

namespace quantscope {

RunSteps::RunSteps(const RunGraph &graph, const SitesInForce &sites, const std::vector<ObservedPlace> &places)
    : m_graph(graph)
    , m_sites(sites)
    , m_places(places)
{
    for (std::size_t i = 0; i < places.size(); ++i)
        m_placesAt[places[i].to].push_back(i);
}

std::size_t RunSteps::count() const { return m_graph.graph().nodes.size() + m_graph.sites().size() + m_places.size(); }

std::size_t RunSteps::numberOf(RunStep::Kind kind, std::size_t index) const
{
    const std::size_t nodes = m_graph.graph().nodes.size();
    return kind == RunStep::Kind::Node ? index
        : kind == RunStep::Kind::Site  ? nodes + index
                                       : nodes + m_graph.sites().size() + index;
}

std::size_t RunSteps::positionOf(ValueId made) const
{
    const auto producer = m_graph.graph().values[made].producer;
    return producer ? 3 * m_graph.position(*producer) : 0;
}

RunStep RunSteps::ofNode(NodeId id) const
{
    const Node &node = m_graph.graph().nodes[id];
    RunStep out{RunStep::Kind::Node, id, numberOf(RunStep::Kind::Node, id), 3 * m_graph.position(id),
        m_graph.branchesOf(node, 0) ? std::vector<ValueId>{node.input(0)} : node.inputs};
    std::erase(out.reads, kNoValue);
    return out;
}

RunStep RunSteps::ofSite(std::size_t site) const
{
    const GraphSpan span = m_graph.sites()[site].span;
    return {RunStep::Kind::Site, site, numberOf(RunStep::Kind::Site, site), positionOf(span.to) + 1,
        m_sites.readsInput(site) ? std::vector<ValueId>{span.from} : std::vector<ValueId>()};
}

RunStep RunSteps::ofPlace(std::size_t place) const
{
    const ObservedPlace &observed = m_places[place];
    return {RunStep::Kind::Observe, place, numberOf(RunStep::Kind::Observe, place), positionOf(observed.to) + 2,
        {observed.from, observed.to}};
}

std::optional<RunStep> RunSteps::makerOf(ValueId value) const
{
    if (const auto site = m_graph.siteOf(value); site && m_sites.replaces(*site))
        return ofSite(*site);
    const auto producer = m_graph.graph().values[value].producer;
    return producer ? std::optional(ofNode(*producer)) : std::nullopt;
}

std::vector<ValueId> RunSteps::madeBy(const RunStep &step) const
{
    if (step.kind == RunStep::Kind::Node)
        return m_graph.graph().nodes[step.index].outputs;
    if (step.kind == RunStep::Kind::Site)
        return {m_graph.sites()[step.index].span.to};
    return {};
}

const std::vector<std::size_t> &RunSteps::placesAt(ValueId value) const
{
    const auto found = m_placesAt.find(value);
    return found == m_placesAt.end() ? m_none : found->second;
}

std::string RunSteps::textOf(const RunStep &step) const
{
    if (step.kind == RunStep::Kind::Node)
        return m_graph.nodeText(static_cast<NodeId>(step.index));
    const ObservedPlace *place = step.kind == RunStep::Kind::Observe ? &m_places[step.index] : nullptr;
    if (place != nullptr && !place->site)
        return fmt::format("the result of {}", printable(m_graph.network().layer(place->layer).name));
    const SlotId owner = m_graph.sites()[place != nullptr ? *place->site : step.index].owners.front();
    return fmt::format("the quantizer of {} ({})", printable(m_graph.network().layer(owner.layer).name), owner.slot);
}

} // namespace quantscope
