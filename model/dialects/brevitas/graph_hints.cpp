#include "dialects/brevitas/graph_hints.h"

#include "base/file_name.h"
#include "network/feeds.h"
#include "network/layer_kinds.h"

namespace quantscope {

namespace {

void takeKind(Layer &layer, const Layer &told, const ModelFile &file, const StateDict &dict)
{
    layer.kind = told.kind;
    layer.kindAssumed = false;
    const StateLayer *state = dict.layer(layer.name);
    const LayerKind *kind = findLayerKind(layer.kind);
    SlotQuantizer *weight = layer.slot(Slot::Weight);
    if (weight != nullptr && (state == nullptr || !storedChannelAxis(*state, file)))
        weight->channelAxis = kind != nullptr && kind->transposed && weight->shape.size() >= 3 ? 1 : 0;
}

} // namespace

void takeGraphHints(Network &network, const StateDict &dict, const Network &graph)
{
    network.flow = flowWithin(graph, network);
    network.toldBy = fileName(graph.file->path);
    for (Layer &layer : network.layers) {
        const Layer *told = graph.layer(layer.name);
        if (told != nullptr && layer.kindAssumed && !told->kind.empty())
            takeKind(layer, *told, *network.file, dict);
    }
}

} // namespace quantscope
