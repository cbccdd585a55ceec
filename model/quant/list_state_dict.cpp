#include "base/text.h"
#include "quant/network.h"
#include "quant/presets.h"
#include "quant/spec.h"
#include "quant/state_dict.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::shared_ptr<const TensorInfo> shareTensor(const std::shared_ptr<const ModelFile> &file, std::size_t index)
{
    return {file, &file->tensors[index]};
}

/// What a state_dict lets one guess of a layer's class: the rank of its weight, the name of an activation.
std::string guessedKind(const StateLayer &layer, const ModelFile &file)
{
    if (layer.batchNorm)
        return "BatchNorm";
    if (layer.weight) {
        switch (file.tensors[*layer.weight].shape.size()) {
        case 1: return "ScaleBias";
        case 2: return "Linear";
        case 3: return "Conv1d";
        case 4: return "Conv2d";
        case 5: return "Conv3d";
        default: return "Module";
        }
    }
    if (layer.bias && layer.name.ends_with("gate_params"))
        return "GateParams";
    const auto dot = layer.name.rfind('.');
    std::string leaf = dot == std::string::npos ? layer.name : layer.name.substr(dot + 1);
    std::transform(
        leaf.begin(), leaf.end(), leaf.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const auto &[hint, kind] : {std::pair{"relu", "ReLU"}, std::pair{"sigmoid", "Sigmoid"},
             std::pair{"hardtanh", "Hardtanh"}, std::pair{"tanh", "Tanh"}})
        if (leaf.find(hint) != std::string::npos)
            return kind;
    return layer.quantizer("act") != nullptr ? "Identity" : "Module";
}

void addTensorSlot(
    Layer &layer, const char *slot, const std::shared_ptr<const ModelFile> &file, std::optional<std::size_t> index)
{
    if (!index)
        return;
    SlotQuantizer out;
    out.slot = slot;
    out.tensor = shareTensor(file, *index);
    out.tensorName = out.tensor->name;
    out.shape = out.tensor->shape;
    layer.slots.push_back(std::move(out));
}

Layer toLayer(const StateLayer &state, const std::shared_ptr<const ModelFile> &file)
{
    Layer layer;
    layer.name = state.name;
    layer.kind = guessedKind(state, *file);
    layer.kindAssumed = true;
    addTensorSlot(layer, "weight", file, state.weight);
    addTensorSlot(layer, "bias", file, state.bias);
    for (const StateQuantizer &quantizer : state.quantizers)
        if (layer.slot(quantizer.slot) == nullptr) {
            SlotQuantizer slot;
            slot.slot = quantizer.slot;
            layer.slots.push_back(std::move(slot));
        }
    return layer;
}

void applyLayerEntries(Network &network, const Recipe &recipe)
{
    for (const RecipeLayer &entry : recipe.layers) {
        bool any = false;
        for (Layer &layer : network.layers) {
            if (!globMatch(entry.match, layer.name))
                continue;
            any = true;
            layer.groups = entry.groups.value_or(layer.groups);
            layer.stride = entry.stride.value_or(layer.stride);
            if (entry.kind) {
                layer.kind = *entry.kind;
                layer.kindAssumed = false;
            }
        }
        if (!any)
            network.diagnostics.push_back({"recipe-matches-nothing", Severity::Warning, "",
                fmt::format(
                    "[[layer]] match = \"{}\" (line {}) matches no layer of the file", entry.match, entry.line)});
    }
}

/// An entry that names a layer outright adds the slot, and the layer, when the file has nothing of it: constant
/// quantizers leave no key.
void addNamedSlots(Network &network, const Recipe &recipe)
{
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        if (hasWildcard(entry.match) || (!entry.preset && !entry.sharedWith))
            continue;
        std::string slot = entry.slot;
        if (slot.empty() && entry.preset && findPreset(*entry.preset) != nullptr)
            slot = findPreset(*entry.preset)->slot;
        if (slot.empty() || slot == "weight" || slot == "bias")
            continue; // these need a tensor
        Layer *layer = network.layer(entry.match);
        if (layer == nullptr) {
            layer = &network.layers.emplace_back();
            layer->name = entry.match;
            layer->kind = slot == "trunc" ? "TruncAvgPool2d" : "Identity";
            layer->kindAssumed = true;
        }
        if (layer->slot(slot) == nullptr) {
            layer->slots.emplace_back();
            layer->slots.back().slot = slot;
        }
    }
}

/// A batch norm directly behind a layer, with as many channels as that has outputs, is taken to read it.
/// The network's first layers are the dict's, in its order.
void findBatchNorms(Network &network, const StateDict &dict)
{
    for (std::size_t i = 1; i < dict.layers.size(); ++i) {
        const StateLayer &state = dict.layers[i];
        Layer &before = network.layers[i - 1];
        const SlotQuantizer *weight = before.slot("weight");
        if (!state.batchNorm || dict.layers[i - 1].batchNorm || !state.weight || weight == nullptr)
            continue;
        const auto axis = static_cast<std::size_t>(weight->channelAxis);
        const Shape &channels = network.file->tensors[*state.weight].shape;
        if (weight->shape.size() >= 2 && channels.size() == 1 && channels[0] == weight->shape[axis])
            before.batchNorm = state.name;
    }
}

/// Entries that reach no slot are spelling mistakes until shown otherwise.
void warnOfIdleEntries(Network &network, const Recipe &recipe)
{
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        const bool any = std::any_of(network.layers.begin(), network.layers.end(), [&](const Layer &layer) {
            return globMatch(entry.match, layer.name) && (entry.slot.empty() || layer.slot(entry.slot) != nullptr);
        });
        if (!any)
            network.diagnostics.push_back({"recipe-matches-nothing", Severity::Warning, "",
                fmt::format("entry {} of the recipe (match = \"{}\"{}) matches nothing in the file", entry.number,
                    entry.match, entry.slot.empty() ? "" : fmt::format(", slot = \"{}\"", entry.slot))});
    }
}

} // namespace

Network listStateDict(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    const StateDict dict = groupStateDict(*file);
    Network network;
    network.file = file;
    network.recipe = recipe;
    network.dialect = dict.hasBrevitasKeys || !recipe.empty() ? "Brevitas state_dict" : "PyTorch state_dict";
    for (const StateLayer &state : dict.layers)
        network.layers.push_back(toLayer(state, file));
    addNamedSlots(network, recipe);
    applyLayerEntries(network, recipe);
    for (Layer &layer : network.layers)
        if (SlotQuantizer *weight = layer.slot("weight");
            weight != nullptr && layer.kind.find("Transpose") != std::string::npos)
            weight->channelAxis = 1;
    findBatchNorms(network, dict);
    warnOfIdleEntries(network, recipe);
    return network;
}

} // namespace quantscope
