#include "dialects/onnx/recover.h"

#include "dialects/onnx/constant_sources.h"
#include "dialects/onnx/decode.h"
#include "dialects/onnx/foreign.h"
#include "dialects/onnx/graph_flow.h"
#include "dialects/onnx/graph_spans.h"
#include "dialects/onnx/onnx_rules.h"
#include "dialects/onnx/planner.h"
#include "dialects/onnx/raw_weights.h"
#include "dialects/onnx/swapped_flags.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

using namespace interpret;

Layer listedLayer(const PlannedLayer &planned)
{
    Layer layer;
    layer.name = planned.name;
    layer.kind = planned.kind;
    layer.groups = planned.groups;
    layer.stride = planned.stride.value_or(1);
    layer.strideTold = planned.stride.has_value();
    return layer;
}

} // namespace

Network listOnnx(std::shared_ptr<const ModelFile> file)
{
    Network network;
    network.file = file;
    Constants constants(file);
    const Plan plan = makePlan(constants);
    std::vector<Diagnostic> none;
    Decoder decoder(constants, none);
    ConstantSources sources(constants);
    for (const PlannedLayer &planned : plan.layers) {
        Layer layer = listedLayer(planned);
        for (const PlannedSlot &slot : planned.slots) {
            layer.slots.push_back(decoder.list(slot));
            layer.slots.back().sources = sources.of(slot);
        }
        network.add(std::move(layer));
    }
    OnnxRules rules(constants, plan);
    network.flow = flowOf(constants, plan, rules);
    network.dialect = plan.dialect;
    return network;
}

void recoverOnnx(Network &network, const Progress &progress)
{
    Constants constants(network.file);
    const Plan plan = makePlan(constants);
    Decoder decoder(constants, network.diagnostics);
    ConstantSources sources(constants);
    network.layers.clear();
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
        progress.step(i, plan.layers.size());
        Layer layer = listedLayer(plan.layers[i]);
        layer.id = layerId(i);
        for (const PlannedSlot &slot : plan.layers[i].slots) {
            layer.slots.push_back(decoder.decode(slot, layer));
            layer.slots.back().sources = sources.of(slot);
        }
        if (SlotQuantizer *weight = layer.slot(Slot::Weight); weight != nullptr)
            weight->accumulatorBits = plan.layers[i].accumulatorBits;
        setSpans(constants, plan.layers[i], layer);
        network.add(std::move(layer));
    }
    OnnxRules rules(constants, plan);
    network.flow = flowOf(constants, plan, rules);
    network.dialect = plan.dialect;
    // Raw weights are of a version that swaps nothing.
    if (!markRawWeights(constants.graph(), plan, network, progress))
        undoSwappedFlags(constants.graph(), plan, network, progress);
    reportForeign(constants, plan, network);
    progress.step(plan.layers.size(), plan.layers.size());
}

} // namespace quantscope
