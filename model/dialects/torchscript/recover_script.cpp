#include "dialects/torchscript/recover_script.h"

#include "base/text.h"
#include "dialects/onnx/graph_flow.h"
#include "dialects/torchscript/script_decode.h"
#include "dialects/torchscript/script_rules.h"
#include "network/joins.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

Layer layerOf(const script::ScriptLayer &planned, LayerId id)
{
    Layer layer;
    layer.id = id;
    layer.name = planned.name;
    layer.kind = planned.kind;
    layer.groups = planned.groups;
    layer.stride = planned.stride.value_or(1);
    layer.strideTold = planned.stride.has_value();
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
        if (layer.constant) {
            added.constants = {*layer.constant};
            interpret::PlannedSlot &slot = added.slots.emplace_back();
            slot.slot = Slot::Weight;
            slot.node = *layer.constant;
        }
    }
    script::ScriptRules rules(constants, layers);
    return interpret::flowOf(constants, plan, rules);
}

/// Quantizers that are not known have diagnostics of their own; what arrives otherwise unknown was made in a way that
/// is not followed.
void sayUncheckedJoins(Network &network)
{
    constexpr std::size_t kMostNamed = 4;
    std::vector<std::string> names;
    std::size_t count = 0;
    for (const Join &join : joinsOf(Arrivals(network))) {
        const bool told = join.disagrees() || std::ranges::none_of(join.inputs, [](const JoinInput &input) {
            return input.arrival.kind == Arrival::Kind::Unknown && !input.arrival.quantizer;
        });
        if (told || count++ >= kMostNamed)
            continue;
        const FlowNode &node = network.flow.node(join.node);
        names.push_back(node.name.empty() ? node.opType : fmt::format("{} {}", node.opType, printable(node.name)));
    }
    if (count == 0)
        return;
    const std::string more = count > names.size() ? fmt::format(" and {} more", count - names.size()) : std::string();
    network.diagnostics.push_back({"joins-not-checked", Severity::Note, {},
        fmt::format(
            "Joins of this TorchScript graph are not checked for equal scales, since what makes an input of them "
            "is not followed: {}{}.",
            fmt::join(names, ", "), more)});
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
        for (const script::ScriptSlot &called : plan[i].later)
            if (SlotQuantizer *first = layer.slot(called.slot); first != nullptr)
                decoder.addCall(called, layer, *first);
        network.add(std::move(layer));
    }
    network.flow = flowOf(constants, plan);
    sayUncheckedJoins(network);
    progress.step(plan.size(), plan.size());
}

} // namespace quantscope
