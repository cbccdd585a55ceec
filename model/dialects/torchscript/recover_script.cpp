#include "dialects/torchscript/recover_script.h"

#include "dialects/onnx/graph_flow.h"
#include "dialects/torchscript/script_decode.h"

namespace quantscope {

namespace {

Layer layerOf(const script::ScriptLayer &planned, LayerId id)
{
    Layer layer;
    layer.id = id;
    layer.name = planned.name;
    layer.kind = planned.kind;
    layer.groups = planned.groups;
    return layer;
}

Flow flowOf(interpret::Constants &constants, const std::vector<script::ScriptLayer> &layers)
{
    interpret::Plan plan;
    for (const script::ScriptLayer &layer : layers) {
        interpret::PlannedLayer &added = plan.layers.emplace_back();
        added.name = layer.name;
        added.kind = layer.kind;
        added.nodes = layer.nodes;
    }
    return interpret::flowOf(constants, plan);
}

} // namespace

Network listScript(std::shared_ptr<const ModelFile> file)
{
    Network network;
    network.file = file;
    interpret::Constants constants(file);
    script::ScriptDecoder decoder(constants, network.diagnostics);
    const std::vector<script::ScriptLayer> plan = script::planScript(constants);
    for (const script::ScriptLayer &planned : plan) {
        Layer layer = layerOf(planned, {});
        for (const script::ScriptSlot &slot : planned.slots)
            layer.slots.push_back(decoder.list(slot));
        network.add(std::move(layer));
    }
    network.flow = flowOf(constants, plan);
    network.dialect = Dialect::TorchScript;
    return network;
}

void recoverScript(Network &network, const Progress &progress)
{
    interpret::Constants constants(network.file);
    script::ScriptDecoder decoder(constants, network.diagnostics);
    const std::vector<script::ScriptLayer> plan = script::planScript(constants);
    network.layers.clear();
    for (std::size_t i = 0; i < plan.size(); ++i) {
        progress.step(i, plan.size());
        Layer layer = layerOf(plan[i], layerId(i));
        for (const script::ScriptSlot &slot : plan[i].slots)
            layer.slots.push_back(decoder.decode(slot, layer));
        network.add(std::move(layer));
    }
    network.flow = flowOf(constants, plan);
    progress.step(plan.size(), plan.size());
}

} // namespace quantscope
