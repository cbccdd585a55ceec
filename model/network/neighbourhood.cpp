#include "network/neighbourhood.h"

#include "network/feeds.h"
#include "network/switched_off.h"

#include <algorithm>
#include <set>

namespace quantscope {

namespace {

/// Operators are looked for on the way to these alone: more are not shown side by side.
constexpr std::size_t kMostWithOperators = 8;

FlowNodeId farEnd(const FlowEdge &edge, bool above) { return above ? edge.from : edge.to; }

using Walk = Neighbourhoods::Walk;

/// Not one that reads a shape alone.
bool carriesData(const Flow &flow, FlowNodeId node)
{
    const std::vector<FlowEdge> edges = flow.edgesFrom(node);
    return edges.empty() || !std::ranges::all_of(edges, &FlowEdge::shapeOnly);
}

Walk walked(const Flow &flow, FlowNodeId start, bool above)
{
    Walk out;
    out.operators.resize(flow.nodes().size(), false);
    std::set<std::pair<FlowNodeId, std::optional<SlotId>>> seen;
    std::vector<FlowEdge> open;
    const auto enter = [&](FlowNodeId node) {
        std::vector<FlowEdge> edges = above ? flow.edgesInto(node) : flow.edgesFrom(node);
        std::erase_if(edges, [](const FlowEdge &edge) { return edge.shapeOnly; });
        open.insert(open.end(), edges.rbegin(), edges.rend()); // the first comes next
    };
    enter(start);
    while (!open.empty()) {
        const FlowEdge edge = std::move(open.back());
        open.pop_back();
        const FlowNodeId node = farEnd(edge, above);
        if (flow.node(node).kind != FlowNode::Kind::Operator) {
            if (node != start && seen.emplace(node, above ? edge.quantizer : std::nullopt).second)
                out.ends.push_back(edge);
        } else if (!out.operators[position(node)] && (above || carriesData(flow, node))) {
            out.operators[position(node)] = true;
            enter(node);
        }
    }
    return out;
}

bool makes(const JoinInput &input, const std::optional<SlotId> &quantizer)
{
    return input.differs && quantizer && input.arrival.quantizer == quantizer;
}

/// Takes off what all have at the end that is nearest the layer.
std::vector<FlowNodeId> takeCommon(std::vector<Neighbour> &neighbours, std::size_t count, bool above)
{
    std::vector<FlowNodeId> common;
    const auto nearest
        = [&](const Neighbour &neighbour) { return above ? neighbour.operators.back() : neighbour.operators.front(); };
    const auto all = [&](auto same) {
        return count > 0
            && std::all_of(neighbours.begin(), neighbours.begin() + static_cast<std::ptrdiff_t>(count), same);
    };
    while (all([&](const Neighbour &neighbour) {
        return !neighbour.operators.empty() && nearest(neighbour) == nearest(neighbours.front());
    })) {
        common.insert(above ? common.begin() : common.end(), nearest(neighbours.front()));
        for (std::size_t at = 0; at < count; ++at)
            neighbours[at].operators.erase(
                above ? std::prev(neighbours[at].operators.end()) : neighbours[at].operators.begin());
    }
    return common;
}

} // namespace

Neighbourhoods::Neighbourhoods(const Network &network)
    : m_network(network)
    , m_arrivals(network)
    , m_joins(joinsOf(m_arrivals))
{
    std::erase_if(m_joins, [](const Join &join) { return !join.disagrees(); });
}

Neighbourhood Neighbourhoods::of(LayerId layer) const
{
    Neighbourhood out;
    out.own = givenBy(layer);
    out.read = inputQuantizers(m_arrivals, layer);
    if (const auto node = m_network.flow.nodeOf(layer)) {
        out.inputs = sideOf(*node, true);
        out.outputs = sideOf(*node, false);
        std::erase_if(out.outputs.disagreeing, [&](const Join &join) {
            return std::ranges::none_of(join.inputs, [&](const JoinInput &input) { return makes(input, out.own); });
        });
    } else {
        out.inputs = recipeSide(inputLayers(m_network, m_network.layer(layer)));
        out.outputs = recipeSide(outputLayers(m_network, m_network.layer(layer)));
    }
    return out;
}

Side Neighbourhoods::sideOf(FlowNodeId node, bool above) const
{
    const Walk walk = walked(m_network.flow, node, above);
    Side side;
    std::ranges::copy_if(m_joins, std::back_inserter(side.disagreeing),
        [&](const Join &join) { return walk.operators[position(join.node)]; });
    std::set<SlotId> differing;
    for (const Join &join : side.disagreeing)
        for (const JoinInput &input : join.inputs)
            if (input.differs)
                differing.insert(*input.arrival.quantizer);
    for (const FlowEdge &edge : walk.ends) {
        Neighbour next = neighbour(edge, above);
        next.differs = above && next.quantizer && differing.contains(*next.quantizer);
        side.neighbours.push_back(std::move(next));
    }
    addOperators(side, node, walk, above);
    return side;
}

Neighbour Neighbourhoods::neighbour(const FlowEdge &edge, bool above) const
{
    const FlowNode &node = m_network.flow.node(farEnd(edge, above));
    Neighbour out;
    out.name = node.name;
    out.layer = node.layer;
    out.kind = node.kind == FlowNode::Kind::Layer ? Neighbour::Kind::Layer
        : node.kind == FlowNode::Kind::Elsewhere  ? Neighbour::Kind::Elsewhere
                                                  : Neighbour::Kind::End;
    const Arrival given = above ? m_arrivals.leaving(edge) : Arrival{};
    out.grid = given.kind;
    if (above)
        out.quantizer = given.quantizer;
    else if (node.layer)
        out.quantizer = edge.requantizer && quantizes(*edge.requantizer) ? edge.requantizer : givenBy(*node.layer);
    return out;
}

void Neighbourhoods::addOperators(Side &side, FlowNodeId node, const Walk &walk, bool above) const
{
    const std::size_t count = std::min(side.neighbours.size(), kMostWithOperators);
    for (std::size_t at = 0; at < count; ++at) {
        const FlowNodeId end = farEnd(walk.ends[at], above);
        auto &operators = side.neighbours[at].operators;
        operators = above ? m_network.flow.between(end, node) : m_network.flow.between(node, end);
        std::erase_if(operators, [&](FlowNodeId between) { return !walk.operators[position(between)]; });
    }
    side.operators = takeCommon(side.neighbours, count, above);
}

Side Neighbourhoods::recipeSide(const std::vector<std::string> &names) const
{
    Side side;
    for (const std::string &name : names) {
        const Layer *layer = m_network.layer(name);
        if (layer == nullptr)
            continue;
        const auto quantizer = givenBy(layer->id);
        const auto grid = !quantizer                ? Arrival::Kind::Plain
            : m_network.slot(*quantizer)->quantizer ? Arrival::Kind::Quantized
                                                    : Arrival::Kind::Unknown;
        side.neighbours.push_back({.name = name, .layer = layer->id, .quantizer = quantizer, .grid = grid});
    }
    return side;
}

/// The flow tells it of a layer that is read; else the quantizer of its output, whatever it is called.
std::optional<SlotId> Neighbourhoods::givenBy(LayerId layer) const
{
    if (const auto node = m_network.flow.nodeOf(layer))
        for (const FlowEdge &edge : m_network.flow.edgesFrom(*node))
            if (edge.quantizer && quantizes(*edge.quantizer))
                return edge.quantizer;
    for (const Slot slot : {Slot::Output, Slot::Act, Slot::Trunc, Slot::Io})
        if (quantizes({layer, slot}))
            return SlotId{layer, slot};
    return std::nullopt;
}

/// Whether or not it is known how.
bool Neighbourhoods::quantizes(const SlotId &id) const
{
    const SlotQuantizer *slot = m_network.slot(id);
    return slot != nullptr && !isSwitchedOff(*slot);
}

} // namespace quantscope
