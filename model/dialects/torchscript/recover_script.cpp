#include "dialects/torchscript/recover_script.h"

#include "dialects/onnx/graph_flow.h"
#include "dialects/torchscript/script_decode.h"

#include <algorithm>
#include <array>

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

/// Settings of packed convolutions (conv_serialization.h, version 2): the number of axes, then stride, padding,
/// dilation and output padding along each, then groups.
int groupsOf(interpret::Constants &constants, const script::ScriptLayer &planned)
{
    constexpr std::uint64_t kMost = 64;
    const auto settings = constants.view(planned.settings);
    if (settings == nullptr || !settings->readable() || !isInteger(settings->dtype) || settings->count() > kMost)
        return planned.groups;
    const std::vector<std::int64_t> numbers = readIntegers(*settings);
    if (numbers.empty() || numbers[0] < 1 || numbers[0] > 3)
        return planned.groups;
    const auto at = static_cast<std::size_t>(1 + 4 * numbers[0]);
    constexpr std::int64_t kMostGroups = 1 << 24;
    return at < numbers.size() ? static_cast<int>(std::clamp<std::int64_t>(numbers[at], 1, kMostGroups))
                               : planned.groups;
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

/// Operators that need their inputs on one grid, and the list that those of a concatenation stand in.
bool needsOneGrid(const FlowNode &node)
{
    static constexpr std::array<std::string_view, 12> kJoining
        = {"add", "add_", "sub", "sub_", "cat", "concat", "stack", "where", "maximum", "minimum", "hstack", "vstack"};
    return node.kind == FlowNode::Kind::Operator && node.domain == "aten"
        && std::ranges::find(kJoining, node.opType) != kJoining.end();
}

/// Where quantizers stand on the ways of the values is not followed in the code of an archive.
void sayUncheckedJoins(Network &network)
{
    const Flow &flow = network.flow;
    const bool joins = std::ranges::any_of(flow.joins(), [&](FlowNodeId id) {
        return needsOneGrid(flow.node(id))
            || (flow.node(id).opType == "ListConstruct"
                && std::ranges::any_of(flow.consumers(id), [&](FlowNodeId to) { return needsOneGrid(flow.node(to)); }));
    });
    if (joins)
        network.diagnostics.push_back({"joins-not-checked", Severity::Note, {},
            "Joins of a TorchScript graph (add, cat and others) are not checked for equal scales."});
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
        layer.groups = groupsOf(constants, plan[i]);
        for (const script::ScriptSlot &slot : plan[i].slots)
            layer.slots.push_back(decoder.decode(slot, layer));
        network.add(std::move(layer));
    }
    network.flow = flowOf(constants, plan);
    sayUncheckedJoins(network);
    progress.step(plan.size(), plan.size());
}

} // namespace quantscope
