#include "network/arrivals.h"

#include "network/feeds.h"
#include "network/flow_order.h"
#include "network/switched_off.h"
#include "quant/grid.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

using Kind = Arrival::Kind;

bool knowsGrid(const Quantizer &q) { return q.scale && q.zeroPoint && q.isSigned && (q.bitWidth || q.storageBits); }

bool isOff(const Network &network, const SlotId &id)
{
    const SlotQuantizer *slot = position(id.layer) < network.layers.size() ? network.slot(id) : nullptr;
    return slot != nullptr && isSwitchedOff(*slot);
}

/// Several scales or zero points belong to elements by their position.
bool hasSeveralScales(const Quantizer &q)
{
    const auto several = [](const std::optional<Granular> &numbers) {
        return numbers
            && std::ranges::any_of(numbers->values, [&](float number) { return number != numbers->values.front(); });
    };
    return several(q.scale) || several(q.zeroPoint);
}

/// Operators that keep values and cut, move or put them side by side, perhaps along the axis of the scales.
bool movesPositions(const FlowNode &node)
{
    static constexpr std::array<std::string_view, 20> kMoving = {"Split", "Slice", "Gather", "GatherElements",
        "GatherND", "Compress", "TopK", "ReverseSequence", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
        "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Concat", "ReduceMax", "ReduceMin"};
    return std::ranges::find(kMoving, node.opType) != kMoving.end();
}

void addOnce(std::vector<SlotId> &out, const SlotId &slot)
{
    if (std::ranges::find(out, slot) == out.end())
        out.push_back(slot);
}

} // namespace

Arrivals::Arrivals(const Network &network)
    : m_network(network)
    , m_into(network.flow.nodes().size())
    , m_from(network.flow.nodes().size())
    , m_ofConstants(network.flow.nodes().size(), false)
{
    const auto edges = network.flow.edges();
    Successors successors(network.flow.nodes().size());
    for (std::uint32_t edge = 0; edge < edges.size(); ++edge) {
        m_into[position(edges[edge].to)].push_back(edge);
        m_from[position(edges[edge].from)].push_back(edge);
        successors[position(edges[edge].from)].push_back(static_cast<std::uint32_t>(position(edges[edge].to)));
        m_arrivals.push_back({.edge = edge, .source = edges[edge].from});
    }
    const auto isOperator = [&](FlowNodeId node) { return network.flow.node(node).kind == FlowNode::Kind::Operator; };
    for (Arrival &arrival : m_arrivals)
        if (!isOperator(arrival.source)) {
            const std::size_t edge = arrival.edge;
            arrival = leaving(edges[edge]);
            arrival.edge = edge;
        }
    const std::vector<std::uint32_t> unranked(successors.size(), 0);
    for (const std::uint32_t node : topologicalOrder(successors, unranked).nodes) {
        m_ofConstants[node] = isOfConstants(static_cast<FlowNodeId>(node));
        if (isOperator(static_cast<FlowNodeId>(node)))
            settle(static_cast<FlowNodeId>(node));
    }
}

/// Everything that the operator reads is settled, but for what stands on a cycle with it.
void Arrivals::settle(FlowNodeId node)
{
    const Arrival through = throughOperator(node);
    for (const std::uint32_t edge : m_from[position(node)])
        if (!m_network.flow.edges()[edge].opaque) {
            m_arrivals[edge] = through;
            m_arrivals[edge].edge = edge;
        }
}

Arrival Arrivals::leaving(const FlowEdge &edge) const
{
    Arrival out{.kind = Kind::Plain, .source = edge.from};
    if (edge.quantizer && isOff(m_network, *edge.quantizer))
        return out;
    if (edge.quantizer) {
        out.quantizer = edge.quantizer;
        const Quantizer *quantizer = quantizerOf(out);
        out.kind = quantizer != nullptr ? Kind::Quantized : Kind::Unknown;
        if (quantizer != nullptr && edge.moved && hasSeveralScales(*quantizer))
            return {.kind = Kind::Unknown, .source = edge.from};
    } else if (edge.opaque || m_network.flow.node(edge.from).kind == FlowNode::Kind::Elsewhere) {
        out.kind = Kind::Unknown;
    }
    return out;
}

/// Null where the slot's quantizer is not known.
const Quantizer *Arrivals::quantizerOf(const Arrival &arrival) const
{
    const bool known = arrival.quantizer && position(arrival.quantizer->layer) < m_network.layers.size();
    const SlotQuantizer *slot = known ? m_network.slot(*arrival.quantizer) : nullptr;
    return slot != nullptr && slot->quantizer ? &*slot->quantizer : nullptr;
}

/// What an operator makes, the same over each of its edges.
Arrival Arrivals::throughOperator(FlowNodeId node) const
{
    std::optional<Arrival> out;
    for (const std::uint32_t edge : m_into[position(node)]) {
        const FlowUse use = m_network.flow.edges()[edge].use;
        if (use == FlowUse::Keeps || use == FlowUse::Pads)
            return kept(m_arrivals[edge], use, node);
        if (use == FlowUse::Merges)
            out = out ? merged(*out, m_arrivals[edge], node) : m_arrivals[edge];
    }
    return out ? inPlace(*out, node) : Arrival{.kind = Kind::Plain, .source = node};
}

Arrival Arrivals::kept(const Arrival &arrival, FlowUse use, FlowNodeId node) const
{
    const bool offGrid = use == FlowUse::Pads && arrival.kind == Kind::Quantized && !holdsZero(*quantizerOf(arrival));
    return offGrid ? Arrival{.kind = Kind::Plain, .source = node} : inPlace(arrival, node);
}

/// Which of several scales an element has is not known once it has moved.
Arrival Arrivals::inPlace(const Arrival &arrival, FlowNodeId node) const
{
    const bool lost = arrival.kind == Kind::Quantized && movesPositions(m_network.flow.node(node))
        && hasSeveralScales(*quantizerOf(arrival));
    return lost ? Arrival{.kind = Kind::Unknown, .source = node} : arrival;
}

/// Of equal quantizers the first stands for all, one of what flows before one of a constant.
Arrival Arrivals::merged(const Arrival &a, const Arrival &b, FlowNodeId node) const
{
    const auto either = [&](Kind kind) { return a.kind == kind || b.kind == kind; };
    if (a.kind == Kind::Quantized && b.kind == Kind::Quantized) {
        if (a.quantizer == b.quantizer)
            return a;
        const Quantizer &first = *quantizerOf(a), &second = *quantizerOf(b);
        if (!gridDifferences(first, second).empty())
            return {.kind = Kind::Several, .source = node};
        if (!knowsGrid(first) || !knowsGrid(second))
            return {.kind = Kind::Unknown, .source = node};
        return m_network.flow.edges()[a.edge].constant ? b : a;
    }
    return {.kind = either(Kind::Unknown) ? Kind::Unknown
            : either(Kind::Plain)         ? Kind::Plain
                                          : Kind::Several,
        .source = node};
}

std::vector<Arrival> Arrivals::into(FlowNodeId node) const
{
    std::vector<Arrival> out;
    for (const std::uint32_t edge : m_into[position(node)])
        if (!m_network.flow.edges()[edge].shapeOnly && !m_ofConstants[position(m_network.flow.edges()[edge].from)])
            out.push_back(m_arrivals[edge]);
    return out;
}

/// Such as a bias' scale, which Brevitas' TorchScript exports compute by a linear layer of two constants, and what
/// operators make of it.
bool Arrivals::isOfConstants(FlowNodeId node) const
{
    const FlowNode &shown = m_network.flow.node(node);
    const std::vector<std::uint32_t> &into = m_into[position(node)];
    if (shown.kind == FlowNode::Kind::Layer)
        return into.empty() && std::ranges::none_of(m_network.layer(*shown.layer).slots, [](const SlotQuantizer &slot) {
            return slot.quantizer.has_value();
        });
    return shown.kind == FlowNode::Kind::Operator && !into.empty()
        && std::ranges::all_of(
            into, [&](std::uint32_t edge) { return m_ofConstants[position(m_network.flow.edges()[edge].from)]; });
}

std::vector<SlotId> inputQuantizers(const Arrivals &arrivals, LayerId layer)
{
    const Network &network = arrivals.network();
    const SlotId own{layer, Slot::Input};
    const bool hasOwn = network.slot(own) != nullptr && !isOff(network, own);
    std::vector<SlotId> out;
    const auto node = network.flow.nodeOf(layer);
    for (const Arrival &arrival : node ? arrivals.into(*node) : std::vector<Arrival>()) {
        if (hasOwn && network.flow.edges()[arrival.edge].requantizer == own)
            addOnce(out, own);
        else if (arrival.kind == Kind::Quantized)
            addOnce(out, *arrival.quantizer);
    }
    if (hasOwn && std::ranges::find(out, own) == out.end())
        return {own};
    if (node)
        return out;
    for (const SlotQuantizer &slot : network.layer(layer).slots)
        if (const auto named = slot.input.empty() ? std::nullopt : slotNamed(network, slot.input))
            addOnce(out, *named);
    return out;
}

} // namespace quantscope
