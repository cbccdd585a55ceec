#include "dialects/onnx/plan.h"

#include <algorithm>

namespace quantscope::interpret {

namespace {

/// A dense block joins dozens of branches; more names than this would not be read.
constexpr std::size_t kMostNeighbours = 32;

using LayerSet = std::vector<std::uint32_t>; ///< sorted

void merge(LayerSet &into, const LayerSet &from)
{
    for (const std::uint32_t layer : from) {
        const auto at = std::lower_bound(into.begin(), into.end(), layer);
        if ((at == into.end() || *at != layer) && into.size() < kMostNeighbours)
            into.insert(at, layer);
    }
}

} // namespace

void connectLayers(const Graph &graph, const Plan &plan, std::vector<Layer> &layers)
{
    std::vector<std::int64_t> owner(graph.nodes.size(), -1);
    for (std::size_t layer = 0; layer < plan.layers.size(); ++layer)
        for (const NodeId node : plan.layers[layer].nodes)
            owner[node] = static_cast<std::int64_t>(layer);
    // Nodes stand in topological order (onnx IR specification), so one pass sees every producer first.
    std::vector<LayerSet> reaching(graph.nodes.size());
    std::vector<LayerSet> fedBy(plan.layers.size());
    for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
        LayerSet sources;
        for (const ValueId input : graph.nodes[id].inputs)
            if (const Value *value = graph.value(input); value != nullptr && value->producer)
                merge(sources, reaching[*value->producer]);
        if (owner[id] < 0) {
            reaching[id] = std::move(sources);
            continue;
        }
        reaching[id] = {static_cast<std::uint32_t>(owner[id])};
        merge(fedBy[static_cast<std::size_t>(owner[id])], sources);
    }
    for (std::size_t layer = 0; layer < layers.size(); ++layer)
        for (const std::uint32_t source : fedBy[layer])
            if (source != layer) {
                layers[layer].fedBy.push_back(layers[source].name);
                layers[source].feeds.push_back(layers[layer].name);
            }
}

} // namespace quantscope::interpret
