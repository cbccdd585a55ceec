#include "network/feeds.h"

#include "network/flow_builder.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <map>

namespace quantscope {

namespace {

using Nodes = std::vector<FlowNodeId>;

Nodes nearest(const Flow &flow, LayerId layer, Nodes (Flow::*direction)(FlowNodeId) const)
{
    const auto node = flow.nodeOf(layer);
    return node ? (flow.*direction)(*node) : Nodes();
}

std::vector<LayerId> layersOf(const Flow &flow, const Nodes &nodes)
{
    std::vector<LayerId> layers;
    for (const FlowNodeId node : nodes)
        if (const auto layer = flow.node(node).layer)
            layers.push_back(*layer);
    return layers;
}

std::vector<std::string> namesOf(const Flow &flow, const Nodes &nodes)
{
    std::vector<std::string> names;
    for (const FlowNodeId node : nodes)
        names.push_back(flow.node(node).name);
    return names;
}

/// Nodes that a layer reads, directly or through operators.
std::vector<bool> aboveLayers(const Flow &flow)
{
    std::vector<bool> above(flow.nodes().size(), false);
    Nodes open;
    for (std::size_t i = 0; i < above.size(); ++i)
        if (flow.nodes()[i].isStop())
            open.push_back(static_cast<FlowNodeId>(i));
    while (!open.empty()) {
        const Nodes producers = flow.producers(open.back());
        open.pop_back();
        for (const FlowNodeId producer : producers) {
            if (!above[position(producer)] && !flow.node(producer).isStop())
                open.push_back(producer);
            above[position(producer)] = true;
        }
    }
    return above;
}

/// The exact name is stronger than one that is equal without wrappers.
const Layer *layerNamed(const Network &network, std::string_view name)
{
    if (const Layer *exact = network.layer(name))
        return exact;
    const std::string plain = withoutWrappers(name);
    const auto found = std::ranges::find_if(
        network.layers, [&](const Layer &layer) { return withoutWrappers(layer.name) == plain; });
    return found == network.layers.end() ? nullptr : &*found;
}

/// "LAYER" or "LAYER:SLOT"; a layer's own name may hold a colon.
struct Named {
    const Layer *layer = nullptr;
    std::optional<Slot> slot = {};
};

Named named(const Network &network, const std::string &text)
{
    if (const std::size_t colon = text.rfind(':'); colon != std::string::npos) {
        const auto slot = slotFromName(std::string_view(text).substr(colon + 1));
        const Layer *layer = slot ? layerNamed(network, std::string_view(text).substr(0, colon)) : nullptr;
        if (layer != nullptr && (layer->slot(*slot) != nullptr || layerNamed(network, text) == nullptr))
            return {layer, slot};
    }
    return {layerNamed(network, text), {}};
}

bool mayName(const std::string &text, const std::string &plain)
{
    return withoutWrappers(text) == plain || withoutWrappers(text.substr(0, text.rfind(':'))) == plain;
}

using Known = std::map<std::string_view, LayerId>;

FlowNode nodeWithin(const FlowNode &node, const Network &exported, const Known &known)
{
    FlowNode out = node;
    out.graphNodes.clear(); // of another file
    if (node.kind != FlowNode::Kind::Layer)
        return out;
    const auto found = known.find(node.name);
    out.layer = found == known.end() ? std::nullopt : std::optional(found->second);
    if (!out.layer) {
        out.kind = FlowNode::Kind::Elsewhere;
        out.opType = exported.layer(*node.layer).kind;
    }
    return out;
}

/// Under the name that the export has for its layer; nothing where the file has no such slot.
std::optional<SlotId> slotWithin(
    const std::optional<SlotId> &slot, const Network &exported, const Network &network, const Known &known)
{
    const auto found = slot ? known.find(exported.layer(slot->layer).name) : known.end();
    if (found == known.end() || network.layer(found->second).slot(slot->slot) == nullptr)
        return std::nullopt;
    return SlotId{found->second, slot->slot};
}

} // namespace

std::vector<LayerId> fedBy(const Network &network, LayerId layer)
{
    return layersOf(network.flow, nearest(network.flow, layer, &Flow::upstream));
}

std::vector<LayerId> feeds(const Network &network, LayerId layer)
{
    return layersOf(network.flow, nearest(network.flow, layer, &Flow::downstream));
}

std::vector<std::string> fedByNames(const Network &network, LayerId layer)
{
    return namesOf(network.flow, nearest(network.flow, layer, &Flow::upstream));
}

std::vector<std::string> feedsNames(const Network &network, LayerId layer)
{
    return namesOf(network.flow, nearest(network.flow, layer, &Flow::downstream));
}

std::string onlyInput(const Network &network, LayerId layer)
{
    const std::vector<std::string> names = fedByNames(network, layer);
    return names.size() == 1 ? names.front() : std::string();
}

std::vector<std::string> inputLayers(const Network &network, const Layer &layer)
{
    std::vector<std::string> names = fedByNames(network, layer.id);
    if (!names.empty())
        return names;
    for (const SlotQuantizer &slot : layer.slots) {
        const Layer *input = slot.input.empty() ? nullptr : named(network, slot.input).layer;
        if (input != nullptr && input->id != layer.id && std::ranges::find(names, input->name) == names.end())
            names.push_back(input->name);
    }
    return names;
}

std::vector<std::string> outputLayers(const Network &network, const Layer &layer)
{
    std::vector<std::string> names = feedsNames(network, layer.id);
    if (!names.empty())
        return names;
    const std::string plain = withoutWrappers(layer.name);
    for (const Layer &other : network.layers) {
        // Most name another: those are not looked up among thousands.
        const bool may = std::ranges::any_of(
            other.slots, [&](const SlotQuantizer &slot) { return !slot.input.empty() && mayName(slot.input, plain); });
        const auto inputs = may ? inputLayers(network, other) : std::vector<std::string>();
        if (std::ranges::find(inputs, layer.name) != inputs.end())
            names.push_back(other.name);
    }
    return names;
}

std::optional<SlotId> slotNamed(const Network &network, const std::string &text)
{
    const Named what = named(network, text);
    const std::vector<Slot> wanted = what.slot ? std::vector{*what.slot} : std::vector{Slot::Act, Slot::Output};
    for (const Slot slot : wanted)
        if (what.layer != nullptr && what.layer->slot(slot) != nullptr)
            return SlotId{what.layer->id, slot};
    return std::nullopt;
}

Flow flowWithin(const Network &exported, const Network &network)
{
    const Flow &flow = exported.flow;
    Known known;
    for (const Layer &layer : network.layers)
        known.emplace(layer.name, layer.id);
    const std::vector<bool> above = aboveLayers(flow);
    FlowBuilder builder;
    std::vector<std::optional<FlowNodeId>> kept(flow.nodes().size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const FlowNode &node = flow.nodes()[i];
        const bool between
            = node.kind == FlowNode::Kind::Operator && above[i] && !flow.upstream(static_cast<FlowNodeId>(i)).empty();
        if (node.isStop() || between)
            kept[i] = builder.add(nodeWithin(node, exported, known));
    }
    for (FlowEdge edge : flow.edges()) {
        const auto from = kept[position(edge.from)], to = kept[position(edge.to)];
        if (!from || !to)
            continue;
        const bool quantized = edge.quantizer.has_value();
        edge.from = *from;
        edge.to = *to;
        edge.quantizer = slotWithin(edge.quantizer, exported, network, known);
        edge.requantizer = slotWithin(edge.requantizer, exported, network, known);
        edge.opaque = edge.opaque || (quantized && !edge.quantizer);
        builder.connect(std::move(edge));
    }
    return builder.build();
}

} // namespace quantscope
