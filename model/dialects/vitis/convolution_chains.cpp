#include "dialects/vitis/convolution_chains.h"

#include <algorithm>
#include <array>
#include <map>

namespace quantscope::vitis {

namespace {

/// What a node of one input is to factors of channels.
enum class NodeRole { Convolution, Passes, Stops };

/// _CLE_TYPES, _ACT_TYPES and _POOL_TYPES of nndct_shared/optimization/commander.py; others of one input.
std::optional<NodeRole> roleOf(const std::string &word)
{
    using enum NodeRole;
    static constexpr std::array<std::pair<std::string_view, NodeRole>, 19> kRoles = {{
        {"conv2d", Convolution},
        {"depthwise_conv2d", Convolution},
        {"conv3d", Convolution},
        {"depthwise_conv3d", Convolution},
        {"relu", Passes},
        {"maxpool", Passes},
        {"avgpool", Passes},
        {"adaptive_avg_pool2d", Passes},
        {"input", Stops},
        {"dense", Stops},
        {"linear", Stops},
        {"conv1d", Stops},
        {"flatten", Stops},
        {"sigmoid", Stops},
        {"tanh", Stops},
        {"softmax", Stops},
        {"leaky_relu", Stops},
        {"hsigmoid", Stops},
        {"hswish", Stops},
    }};
    const auto found = std::ranges::find(kRoles, word, &std::pair<std::string_view, NodeRole>::first);
    return found == kRoles.end() ? std::nullopt : std::optional(found->second);
}

struct PlacedNode {
    NodeRole role = NodeRole::Stops;
    std::optional<LayerId> layer; ///< of convolutions
};
using PlacedNodes = std::map<int, PlacedNode>;

bool place(PlacedNodes &nodes, const std::string &name, std::optional<LayerId> layer)
{
    const NodeName node = nodeName(name);
    const auto role = node.place ? roleOf(node.word) : std::nullopt;
    if (!role)
        return false;
    PlacedNode &placed = nodes.try_emplace(*node.place, PlacedNode{*role, std::nullopt}).first->second;
    if (layer)
        placed.layer = layer;
    return placed.role == *role;
}

/// Every node that has a number here; nothing where one is not of one input.
std::optional<PlacedNodes> placedNodes(const QuantInfo &info, const QuantInfoJoin &join)
{
    PlacedNodes out;
    for (const auto *entries : {&info.outputs, &info.inputs})
        for (const QuantInfoEntry &entry : *entries)
            if (!place(out, entry.name, std::nullopt))
                return std::nullopt;
    for (const JoinedEntry &joined : join.slots)
        if (joined.correction != nullptr && !place(out, joined.correction->node, joined.slot.layer))
            return std::nullopt;
    return out;
}

bool everyConvolutionIsPlaced(const Network &network, const QuantInfoJoin &join, const PlacedNodes &nodes)
{
    std::size_t convolutions = 0, placed = 0;
    for (const JoinedEntry &joined : join.slots) {
        const SlotQuantizer *slot = network.slot(joined.slot);
        convolutions += joined.slot.slot == Slot::Weight && slot != nullptr && slot->shape.size() >= 4 ? 1u : 0u;
    }
    for (const auto &[number, node] : nodes)
        if (node.role == NodeRole::Convolution) {
            if (!node.layer)
                return false;
            ++placed;
        }
    return placed == convolutions;
}

} // namespace

std::optional<std::vector<ConvolutionChain>> convolutionChains(
    const Network &network, const QuantInfo &info, const QuantInfoJoin &join)
{
    const auto nodes = placedNodes(info, join);
    if (!nodes || !everyConvolutionIsPlaced(network, join, *nodes))
        return std::nullopt;
    std::vector<ConvolutionChain> out;
    ConvolutionChain open;
    int before = -1;
    bool isWhole = true; // every number since the last convolution is there
    const auto close = [&] {
        if (open.size() > 1)
            out.push_back(open);
        open.clear();
    };
    for (const auto &[number, node] : *nodes) {
        isWhole = isWhole && number == before + 1;
        before = number;
        if (node.role == NodeRole::Passes)
            continue;
        if (node.role == NodeRole::Stops) {
            close();
        } else if (!open.empty() && !isWhole) {
            return std::nullopt; // what stands between is not known
        } else {
            open.push_back(*node.layer);
            isWhole = true;
        }
    }
    close();
    return out;
}

} // namespace quantscope::vitis
