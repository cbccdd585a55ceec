#include "dialects/brevitas/list_state_dict.h"

#include "base/text.h"
#include "dialects/brevitas/other_parts.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/state_dict.h"
#include "dialects/torch/ao_keys.h"
#include "dialects/torch/computed_parameter.h"
#include "dialects/torch/packed_codes.h"
#include "network/layer_kinds.h"
#include "network/network.h"
#include "recipe/entry_index.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::shared_ptr<const TensorInfo> shareTensor(const std::shared_ptr<const ModelFile> &file, std::size_t index)
{
    return {file, &file->tensors[index]};
}

/// "lstm.weight_ih_l0" and "attention.in_proj_weight" are parameters of one module, and layers here.
std::string namedKind(const StateLayer &layer, const ModelFile &file)
{
    const std::string leaf = layer.name.substr(layer.name.rfind('.') + 1);
    if (!isParameterName(leaf) || leaf == "weight" || leaf == "bias")
        return {};
    if (leaf.find("_proj_") != std::string::npos || leaf.starts_with("bias_"))
        return "MultiheadAttention";
    std::string hidden = layer.weight ? file.tensors[*layer.weight].name : std::string();
    const auto which = hidden.rfind("weight_");
    if (which == std::string::npos)
        return {};
    hidden.replace(which, std::string_view("weight_ih").size(), "weight_hh");
    const auto found = file.find(hidden);
    const std::string kind = recurrentKind(file.tensors[found ? *found : *layer.weight].shape);
    return leaf.find("_l") == std::string::npos ? kind + "Cell" : kind;
}

/// What a state_dict lets one guess of a layer's class: the rank of its weight, the name of an activation.
std::string guessedKind(const StateLayer &layer, const ModelFile &file)
{
    if (layer.batchNorm)
        return "BatchNorm";
    if (!layer.kind.empty())
        return layer.kind;
    if (const std::string kind = namedKind(layer, file); !kind.empty())
        return kind;
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
    const StateQuantizer *act = layer.quantizer(Slot::Act);
    if (act != nullptr && act->torchAo)
        return "Quantize";
    return act != nullptr ? "Identity" : "Module";
}

void addTensorSlot(Layer &layer, Slot slot, const std::shared_ptr<const ModelFile> &file,
    std::optional<std::size_t> index, const std::optional<Reparametrization> &from)
{
    if (!index)
        return;
    SlotQuantizer out;
    out.slot = slot;
    out.tensor = from ? computedParameter(file, *from) : shareTensor(file, *index);
    if (from) {
        out.computed = computedText(*file, *from);
        out.sources = from->tensors;
    }
    out.tensorName = out.tensor->name;
    out.shape = out.tensor->shape;
    layer.slots.push_back(std::move(out));
}

/// The bias of a convolution has the size of its weight's first axis; of a transposed one, groups times the second.
void takeTransposed(Layer &layer, SlotQuantizer *weight, const SlotQuantizer *bias)
{
    if (weight == nullptr || bias == nullptr || weight->shape.size() < 3 || bias->shape.size() != 1)
        return;
    const std::int64_t first = weight->shape[0], second = weight->shape[1], count = bias->shape[0];
    if (count == first || count < 1 || second < 1 || count % second != 0 || first % (count / second) != 0
        || layer.kind != convolutionName(weight->shape.size(), false))
        return;
    layer.kind = convolutionName(weight->shape.size(), true);
    layer.groups = static_cast<int>(count / second);
    weight->channelAxis = 1;
}

Layer toLayer(const StateLayer &state, const std::shared_ptr<const ModelFile> &file)
{
    Layer layer;
    layer.name = state.name;
    layer.kind = guessedKind(state, *file);
    layer.kindAssumed = true;
    addTensorSlot(layer, Slot::Weight, file, state.weight, state.weightFrom);
    if (state.packed) {
        SlotQuantizer &weight = *layer.slot(Slot::Weight);
        weight.tensor = packedCodes(file, *state.packed);
        weight.shape = state.packed->shape;
        weight.sources = state.packed->tensors;
    }
    addTensorSlot(layer, Slot::Bias, file, state.bias, state.biasFrom);
    takeTransposed(layer, layer.slot(Slot::Weight), layer.slot(Slot::Bias));
    if (const auto axis = storedChannelAxis(state, *file)) {
        layer.slot(Slot::Weight)->channelAxis = *axis;
        const std::string transposed = convolutionName(layer.slot(Slot::Weight)->shape.size(), true);
        if (*axis == 1 && !transposed.empty())
            layer.kind = transposed;
    }
    for (const StateQuantizer &quantizer : state.quantizers) {
        if (layer.slot(quantizer.slot) == nullptr) {
            SlotQuantizer slot;
            slot.slot = quantizer.slot;
            layer.slots.push_back(std::move(slot));
        }
        if (const auto value = quantizer.fields.find("scaling_impl.value"); value != quantizer.fields.end())
            layer.slot(quantizer.slot)->storedScale = value->second;
        for (const auto &[field, tensor] : quantizer.fields)
            layer.slot(quantizer.slot)->sources.push_back(tensor);
    }
    return layer;
}

/// A kind is not for layers whose weight has another number of axes: `match = "*"` with ConvTranspose2d leaves a Linear
/// what it is.
void applyKind(Network &network, Layer &layer, const RecipeLayer &entry)
{
    const LayerKind *kind = findLayerKind(*entry.kind);
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    if (kind != nullptr && kind->weightRank != 0 && weight != nullptr
        && weight->shape.size() != static_cast<std::size_t>(kind->weightRank)) {
        if (!hasWildcard(entry.match))
            network.diagnostics.push_back({"kind-does-not-fit", Severity::Warning, {layer.id, Slot::Weight},
                fmt::format("{}: a {} has a weight of {} axes and this one has {}, so kind in [[layer]] (line {}) is "
                            "not applied",
                    layer.name, kind->name, kind->weightRank, weight->shape.size(), entry.line)});
        return;
    }
    layer.kind = kind == nullptr ? *entry.kind : std::string(kind->name);
    layer.kindAssumed = false;
}

/// "net." where every layer of the file is below `net`.
std::string commonParent(const Network &network)
{
    const std::string first = network.layers.empty() ? std::string() : network.layers.front().name;
    const std::string parent = first.substr(0, first.find('.') + 1);
    const bool common
        = std::ranges::all_of(network.layers, [&](const Layer &layer) { return layer.name.starts_with(parent); });
    return common ? parent : std::string();
}

/// The name that a layer of the recipe's model has where the file is of one that holds that model; else empty.
std::string nameBelow(const std::string &parent, const Network &network, const std::string &name)
{
    const std::string below = parent + name;
    return below != name && network.layer(below) != nullptr ? below : std::string();
}

/// Layers by the names that entries of a recipe give them outright.
class NamedLayers {
public:
    explicit NamedLayers(Network &network)
        : m_network(network)
    {
        for (std::size_t i = 0; i < network.layers.size(); ++i)
            note(i);
    }

    /// By its very name before one that only wrappers of torch name otherwise; null where there is none.
    Layer *find(const std::string &match) const
    {
        if (const auto exact = m_exact.find(globName(match)); exact != m_exact.end())
            if (Layer &layer = m_network.layers[exact->second]; globNames(match, layer.name))
                return &layer;
        const auto plain = m_plain.find(globName(withoutWrappers(match)));
        Layer *layer = plain == m_plain.end() ? nullptr : &m_network.layers[plain->second];
        return layer != nullptr && namesLayer(match, layer->name) ? layer : nullptr;
    }

    bool has(const std::string &name) const { return m_exact.contains(name); }

    /// What a layer is called that only the recipe has: without wrappers, unless the file keeps them in its names.
    std::string newName(const std::string &match) const
    {
        const std::string name = globName(match);
        return m_keepsWrappers ? name : withoutWrappers(name);
    }

    Layer &add(const std::string &name)
    {
        m_network.add({}).name = name;
        note(m_network.layers.size() - 1);
        return m_network.layers.back();
    }

private:
    void note(std::size_t position)
    {
        const std::string &name = m_network.layers[position].name;
        const std::string plain = withoutWrappers(name);
        m_exact.emplace(name, position);
        m_plain.emplace(plain, position);
        m_keepsWrappers = m_keepsWrappers || plain != name;
    }

    Network &m_network;
    std::unordered_map<std::string, std::size_t> m_exact, m_plain; ///< positions of layers; plain: without wrappers
    bool m_keepsWrappers = false;
};

/// For a name or a pattern that is no layer of the file. Only the first few of many are worth their time.
std::string nearestLayer(Network &network, const std::string &parent, const std::string &match)
{
    constexpr std::size_t kMostWarnings = 20;
    std::string name = globName(match);
    if (hasWildcard(match))
        std::erase_if(name, [](char c) { return c == '*' || c == '?'; });
    const bool reachesOne
        = std::ranges::any_of(network.layers, [&](const Layer &layer) { return matchesLayer(match, layer.name); });
    if (network.diagnostics.size() > kMostWarnings || reachesOne || name.empty())
        return {};
    if (const std::string below = nameBelow(parent, network, name); !below.empty())
        return fmt::format(", which has {}", below);
    std::vector<std::string> names;
    for (const Layer &layer : network.layers)
        names.push_back(layer.name);
    return didYouMean(name, names);
}

void applyLayerEntries(Network &network, const std::string &parent, const Recipe &recipe)
{
    const EntryIndex entries(recipe.layers);
    std::vector<std::vector<std::size_t>> reached(recipe.layers.size());
    for (std::size_t l = 0; l < network.layers.size(); ++l)
        for (const std::size_t i : entries.mayReach(network.layers[l].name))
            if (matchesLayer(recipe.layers[i].match, network.layers[l].name))
                reached[i].push_back(l);
    for (std::size_t i = 0; i < reached.size(); ++i) {
        const RecipeLayer &entry = recipe.layers[i];
        for (const std::size_t l : reached[i]) {
            Layer &layer = network.layers[l];
            layer.groups = entry.groups.value_or(layer.groups);
            layer.stride = entry.stride.value_or(layer.stride);
            layer.strideTold = layer.strideTold || entry.stride.has_value();
            if (entry.kind)
                applyKind(network, layer, entry);
        }
        if (reached[i].empty())
            network.diagnostics.push_back({"recipe-matches-nothing", Severity::Warning, "",
                fmt::format("[[layer]] match = \"{}\" (line {}) matches no layer of the file{}", entry.match,
                    entry.line, nearestLayer(network, parent, entry.match))});
    }
}

/// The file's own word on the channels is stronger than a recipe's kind. The first layers are the dict's, in its order.
void placeChannelAxes(Network &network, const StateDict &dict)
{
    for (std::size_t i = 0; i < dict.layers.size(); ++i) {
        const Layer &layer = network.layers[i];
        SlotQuantizer *weight = network.layers[i].slot(Slot::Weight);
        if (weight == nullptr || layer.kindAssumed)
            continue;
        const LayerKind *kind = findLayerKind(layer.kind);
        const int axis = kind != nullptr && kind->transposed ? 1 : 0;
        const auto stored = storedChannelAxis(dict.layers[i], *network.file);
        weight->channelAxis = stored.value_or(axis);
        if (stored && *stored != axis)
            network.diagnostics.push_back({"kind-contradicts-file", Severity::Warning, {layer.id, Slot::Weight},
                fmt::format(
                    "{}: the output channels of a {} lie along axis {}, but its stored scales lie along axis {} "
                    "of the weight: the file is followed",
                    layer.name, layer.kind, axis, *stored)});
    }
}

/// An entry that names a layer outright adds the slot, and the layer, when the file has nothing of it: constant
/// quantizers leave no key.
void addNamedSlots(Network &network, const std::string &parent, const Recipe &recipe)
{
    NamedLayers named(network);
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        Layer *layer = named.find(entry.match);
        const bool isPattern = layer == nullptr && hasWildcard(entry.match);
        if (isPattern || (!entry.preset && !entry.sharedWith && !entry.ownClass))
            continue;
        std::optional<Slot> slot = entry.slot;
        if (!slot && entry.preset && findPreset(*entry.preset) != nullptr)
            slot = findPreset(*entry.preset)->slot;
        if (!slot || slot == Slot::Weight || slot == Slot::Bias)
            continue; // these need a tensor
        const std::string name = named.newName(entry.match);
        if (layer == nullptr && !parent.empty() && named.has(parent + name))
            continue; // the file is of a model that holds the recipe's
        if (layer == nullptr) {
            layer = &named.add(name);
            layer->kind = slot == Slot::Trunc ? "TruncAvgPool2d" : "Identity";
            layer->kindAssumed = true;
        }
        if (layer->slot(*slot) == nullptr) {
            layer->slots.emplace_back();
            layer->slots.back().slot = *slot;
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
        const SlotQuantizer *weight = before.slot(Slot::Weight);
        if (!state.batchNorm || dict.layers[i - 1].batchNorm || !state.weight || weight == nullptr)
            continue;
        const auto axis = static_cast<std::size_t>(weight->channelAxis);
        const Shape &channels = network.file->tensors[*state.weight].shape;
        const auto &from = dict.layers[i - 1].weightFrom;
        const bool inside = from && from->rule == Reparametrization::Rule::BatchNormed;
        if (!inside && weight->shape.size() >= 2 && channels.size() == 1 && channels[0] == weight->shape[axis])
            before.batchNorm = state.name;
    }
}

/// Entries that reach no slot are spelling mistakes until shown otherwise.
void warnOfIdleEntries(Network &network, const std::string &parent, const Recipe &recipe)
{
    const EntryIndex entries(recipe.quantizers);
    std::vector<bool> reaches(recipe.quantizers.size());
    for (const Layer &layer : network.layers)
        for (const std::size_t i : entries.mayReach(layer.name)) {
            const RecipeQuantizer &entry = recipe.quantizers[i];
            if (!reaches[i] && (!entry.slot || layer.slot(*entry.slot) != nullptr))
                reaches[i] = matchesLayer(entry.match, layer.name);
        }
    for (std::size_t i = 0; i < reaches.size(); ++i) {
        const RecipeQuantizer &entry = recipe.quantizers[i];
        if (!reaches[i])
            network.diagnostics.push_back({"recipe-matches-nothing", Severity::Warning, "",
                fmt::format("entry {} of the recipe (match = \"{}\"{}) matches nothing in the file{}", entry.number,
                    entry.match, entry.slot ? fmt::format(", slot = \"{}\"", *entry.slot) : "",
                    nearestLayer(network, parent, entry.match))});
    }
}

} // namespace

Network listStateDict(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    const StateDict dict = groupStateDict(*file);
    Network network;
    network.file = file;
    network.recipe = recipe;
    // What a person chooses or confirms in the window is no word on where the file comes from; a recipe is.
    const bool given = !recipe.empty() && !(recipe.path.empty() && recipe.takenFrom.empty());
    network.dialect = dict.torchAo      ? Dialect::TorchAo
        : dict.packed                   ? Dialect::TorchPacked
        : dict.hasBrevitasKeys || given ? Dialect::BrevitasStateDict
                                        : Dialect::PytorchStateDict;
    for (const StateLayer &state : dict.layers)
        network.add(toLayer(state, file));
    const std::string parent = commonParent(network);
    addNamedSlots(network, parent, recipe);
    applyLayerEntries(network, parent, recipe);
    placeChannelAxes(network, dict);
    findBatchNorms(network, dict);
    warnOfIdleEntries(network, parent, recipe);
    noteOtherParts(network);
    return network;
}

} // namespace quantscope
