#include "open/match_export.h"

#include "base/text.h"
#include "network/align_slot.h"
#include "network/flow_builder.h"
#include "open/pair_activations.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Gives an export the checkpoint's names. One use: run().
class Renaming {
public:
    Renaming(const Network &listed, Network exported)
        : m_listed(listed)
        , m_out(std::move(exported))
    {
    }

    Network run(const std::vector<LayerPair> &weights, const std::vector<SlotPair> &activations)
    {
        for (const LayerPair &pair : weights)
            takeWeights(pair);
        for (const SlotPair &pair : activations)
            takeActivation(pair);
        if (m_renamed)
            m_out.flow = renamedFlow();
        return std::move(m_out);
    }

private:
    void takeWeights(const LayerPair &pair)
    {
        const Layer &mine = m_listed.layers[pair.checkpoint];
        Layer &theirs = m_out.layers[pair.exported];
        for (const Slot slot : {Slot::Weight, Slot::Bias}) {
            const SlotQuantizer *here = mine.slot(slot);
            SlotQuantizer *there = theirs.slot(slot);
            if (here == nullptr || there == nullptr)
                continue;
            if (auto aligned = alignedTo(*there, here->shape, slot == Slot::Weight && pair.transposed))
                *there = std::move(*aligned);
        }
        m_renamed = m_renamed || !pair.named;
        theirs.name = mine.name;
    }

    void takeActivation(const SlotPair &pair)
    {
        const std::string &name = m_listed.layers[pair.checkpoint].name;
        SlotQuantizer *slot = m_out.layers[pair.exported].slot(pair.exportedSlot);
        Layer *target = m_out.layer(name);
        if (slot == nullptr || (target != nullptr && target->slot(pair.slot) != nullptr))
            return;
        m_renamed = true;
        SlotQuantizer moved = *slot;
        moved.slot = pair.slot;
        const SlotId before{m_out.layers[pair.exported].id, pair.exportedSlot};
        if (target == nullptr && m_out.layers[pair.exported].slots.size() == 1) {
            m_out.layers[pair.exported].name = name;
            m_moved.emplace(before, SlotId{before.layer, pair.slot});
            *slot = std::move(moved);
            return;
        }
        std::erase_if(m_out.layers[pair.exported].slots,
            [&](const SlotQuantizer &known) { return known.slot == pair.exportedSlot; });
        if (target == nullptr)
            target = &addBehind(pair, name);
        m_moved.emplace(before, SlotId{target->id, pair.slot});
        target->slots.push_back(std::move(moved));
    }

    /// What quantizes the output of a layer there is a layer of its own here.
    Layer &addBehind(const SlotPair &pair, const std::string &name)
    {
        Layer layer;
        layer.name = name;
        layer.kind = m_listed.layers[pair.checkpoint].kind;
        layer.kindAssumed = true;
        Layer &added = m_out.add(std::move(layer));
        m_behind.emplace(m_out.layers[pair.exported].id, added.id);
        return added;
    }

    std::optional<SlotId> moved(const std::optional<SlotId> &slot) const
    {
        const auto found = slot ? m_moved.find(*slot) : m_moved.end();
        return found == m_moved.end() ? slot : found->second;
    }

    Flow renamedFlow() const
    {
        const Flow &flow = m_out.flow;
        FlowBuilder builder;
        std::map<FlowNodeId, FlowNodeId> behind;
        for (FlowNode node : flow.nodes()) {
            if (node.layer)
                node.name = m_out.layer(*node.layer).name;
            builder.add(std::move(node));
        }
        for (const auto &[layer, added] : m_behind)
            if (const auto node = flow.nodeOf(layer))
                behind.emplace(*node,
                    builder.add({.kind = FlowNode::Kind::Layer, .layer = added, .name = m_out.layer(added).name}));
        for (FlowEdge edge : flow.edges()) {
            if (const auto found = behind.find(edge.from); found != behind.end())
                edge.from = found->second;
            edge.quantizer = moved(edge.quantizer);
            edge.requantizer = moved(edge.requantizer);
            builder.connect(std::move(edge));
        }
        for (const auto &[node, added] : behind)
            builder.connect({.from = node, .to = added});
        return builder.build();
    }

    const Network &m_listed;
    Network m_out;
    std::map<LayerId, LayerId> m_behind;
    std::map<SlotId, SlotId> m_moved; ///< from where the export has them
    bool m_renamed = false;
};

std::string pairsText(const Network &listed, const Network &exported, const std::vector<LayerPair> &pairs,
    const std::vector<SlotPair> &activations)
{
    constexpr std::size_t kMostNamed = 8;
    std::vector<std::string> names;
    for (const SlotPair &pair : pairs.empty() ? activations : std::vector<SlotPair>())
        names.push_back(fmt::format(
            "{} = {}", printable(listed.layers[pair.checkpoint].name), printable(exported.layers[pair.exported].name)));
    for (const LayerPair &pair : pairs)
        if (!pair.named)
            names.push_back(fmt::format("{} = {}{}", printable(listed.layers[pair.checkpoint].name),
                printable(exported.layers[pair.exported].name), pair.transposed ? " transposed" : ""));
    const std::size_t more = names.size() > kMostNamed ? names.size() - kMostNamed : 0;
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

bool hasQuantizedWeight(const Layer &layer)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    return weight != nullptr && weight->quantizer;
}

void sortOut(MatchedExport &out, const Network &listed, const Network &exported, const std::vector<LayerPair> &pairs)
{
    const bool anyQuantized = std::ranges::any_of(exported.layers, hasQuantizedWeight);
    for (const LayerPair &pair : pairs) {
        const std::string &name = listed.layers[pair.checkpoint].name;
        const Layer &theirs = exported.layers[pair.exported];
        if (!pair.named)
            out.found.push_back(name);
        if (pair.evidence == Evidence::Channels || pair.evidence == Evidence::Alike)
            out.scaled.push_back(name);
        if (pair.evidence == Evidence::Equal && anyQuantized && !hasQuantizedWeight(theirs)
            && problemOf(exported, {theirs.id, Slot::Weight}) == nullptr)
            out.floats.push_back(name);
    }
    for (std::vector<std::string> *names : {&out.found, &out.scaled, &out.floats})
        std::ranges::sort(*names);
}

bool hasAnyWeight(const Layer &layer) { return layer.slot(Slot::Weight) != nullptr; }

/// Networks of activations alone: every quantizer of the export is that of an activation here.
bool allActivationsMeet(const Network &listed, const Network &exported, const std::vector<SlotPair> &activations)
{
    std::size_t quantized = 0;
    for (const Layer &layer : exported.layers)
        quantized += static_cast<std::size_t>(
            std::ranges::count_if(layer.slots, [](const SlotQuantizer &slot) { return slot.quantizer.has_value(); }));
    return quantized > 0 && activations.size() == quantized && std::ranges::none_of(listed.layers, hasAnyWeight);
}

/// Weights too small to tell, or no weights at all, under the names of the checkpoint.
bool namesMeet(const Network &listed, const Network &exported, const std::vector<LayerPair> &weights)
{
    if (!weights.empty())
        return std::ranges::any_of(weights, &LayerPair::named);
    return std::ranges::any_of(exported.layers, [&](const Layer &layer) { return listed.layer(layer.name) != nullptr; })
        && std::ranges::none_of(exported.layers, hasQuantizedWeight);
}

} // namespace

MatchedExport matchExport(const Network &listed, Network exported)
{
    MatchedExport out;
    std::vector<LayerPair> weights;
    std::vector<SlotPair> activations;
    try {
        weights = pairWeights(listed, exported);
        const bool noWeights = std::ranges::none_of(exported.layers, hasAnyWeight);
        if (noWeights || std::ranges::any_of(weights, [](const LayerPair &pair) { return !pair.named; }))
            activations = pairActivations(listed, exported, weights);
    } catch (const ParseError &) {
        weights.clear(); // comparing says so
        activations.clear();
    }
    const auto speaks = [](const LayerPair &pair) {
        return pair.evidence > Evidence::Few || (pair.evidence == Evidence::Few && !pair.named);
    };
    const auto speaksAgainst = [](const LayerPair &pair) { return pair.evidence == Evidence::Against; };
    const bool forIt = std::ranges::any_of(weights, speaks), against = std::ranges::any_of(weights, speaksAgainst);
    out.sameNetwork = !against
        && (forIt || namesMeet(listed, exported, weights) || allActivationsMeet(listed, exported, activations));
    out.otherNetwork = against && !forIt;
    out.pairs = pairsText(listed, exported, weights, activations);
    sortOut(out, listed, exported, weights);
    out.network = Renaming(listed, std::move(exported)).run(weights, activations);
    return out;
}

} // namespace quantscope
