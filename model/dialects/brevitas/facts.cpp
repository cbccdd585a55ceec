#include "dialects/brevitas/facts.h"

#include "base/text.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/proofs.h"
#include "dialects/brevitas/scale_sharing.h"
#include "dialects/brevitas/sharing.h"
#include "network/feeds.h"
#include "network/recover.h"
#include "recipe/entry_index.h"
#include "recipe/layer_match.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

std::string BrevitasFacts::nameOf(SlotIndex index) const
{
    return fmt::format("{}:{}", layerOf(index).name, slotOf(index).slot);
}

std::optional<SlotIndex> BrevitasFacts::find(const std::string &layer, Slot slot) const
{
    const auto found = indexes.find({layer, slot});
    return found == indexes.end() ? std::nullopt : std::optional(found->second);
}

const Layer *BrevitasFacts::layerNamed(std::string_view name) const
{
    if (const auto exact = names.find(std::string(name)); exact != names.end())
        return &layers[exact->second];
    const auto found = plainNames.find(withoutWrappers(name));
    return found == plainNames.end() ? nullptr : &layers[found->second];
}

const StateQuantizer *BrevitasFacts::keysOf(SlotIndex index) const
{
    const StateLayer *state = dict.layer(layerOf(index).name);
    return state == nullptr ? nullptr : state->quantizer(slotOf(index).slot);
}

const StateQuantizer *BrevitasFacts::ownOrOwnersKeys(SlotIndex index) const
{
    const StateQuantizer *own = keysOf(index);
    return own == nullptr && slots[index].owner ? keysOf(*slots[index].owner) : own;
}

std::string BrevitasFacts::keyName(SlotIndex index, std::string_view field) const
{
    const StateQuantizer *keys = keysOf(index);
    const auto found = keys == nullptr ? decltype(keys->fields.end()){} : keys->fields.find(field);
    if (keys == nullptr || found == keys->fields.end())
        return std::string(field);
    const std::string &name = file->tensors[found->second].name;
    const std::size_t above = dict.prefix.size() + layerOf(index).name.size() + 1;
    return above < name.size() ? name.substr(above) : name;
}

std::optional<std::vector<float>> BrevitasFacts::stored(SlotIndex index, std::string_view field, Shape *shape) const
{
    const StateQuantizer *keys = keysOf(index);
    if (keys == nullptr)
        return std::nullopt;
    const auto found = keys->fields.find(field);
    if (found == keys->fields.end())
        return std::nullopt;
    const TensorInfo &tensor = file->tensors[found->second];
    if (shape != nullptr)
        *shape = tensor.shape;
    return readFloats(tensor);
}

std::optional<float> BrevitasFacts::storedScalar(SlotIndex index, std::string_view field) const
{
    const auto values = stored(index, field);
    return values && !values->empty() ? std::optional(values->front()) : std::nullopt;
}

bool BrevitasFacts::knowsChannelAxis(SlotIndex index) const
{
    const Layer &layer = layerOf(index);
    const StateLayer *state = dict.layer(layer.name);
    return !layer.kindAssumed || slotOf(index).shape.size() < 3
        || (state != nullptr && storedChannelAxis(*state, *file));
}

namespace {

void indexSlots(BrevitasFacts &facts)
{
    const EntryIndex entries(facts.recipe.quantizers);
    for (std::size_t l = 0; l < facts.layers.size(); ++l) {
        const Layer &layer = facts.layers[l];
        facts.names.emplace(layer.name, l);
        facts.plainNames.emplace(withoutWrappers(layer.name), l);
        const std::vector<std::size_t> reaching = entries.mayReach(layer.name);
        const StateLayer *state = facts.dict.layer(layer.name);
        const bool batchNorm = state != nullptr && state->batchNorm;
        for (std::size_t s = 0; s < layer.slots.size(); ++s) {
            const Slot slot = layer.slots[s].slot;
            facts.indexes.emplace(std::pair(layer.name, slot), facts.slots.size());
            facts.slots.push_back(
                {l, s, settingsFor(facts.recipe, reaching, layer.name, slot, !batchNorm), {}, {}, {}, {}});
        }
    }
}

/// Of an activation whose scale cannot be read this tells nothing: that is its own slot's error.
bool storesNegativeThreshold(const BrevitasFacts &facts, SlotIndex index)
{
    const StateQuantizer *keys = facts.keysOf(index);
    if (presetSlot(facts.slotOf(index).slot) != Slot::Act || (keys != nullptr && keys->before06))
        return false; // before 0.6 all thresholds were logarithms
    try {
        return facts.storedScalar(index, "scaling_impl.value").value_or(0.0f) < 0;
    } catch (const ParseError &) {
        return false;
    }
}

std::optional<SlotIndex> slotOfNamed(const BrevitasFacts &facts, const std::string &name, Slot slot)
{
    const Layer *layer = facts.layerNamed(name);
    return layer == nullptr ? std::nullopt : facts.find(layer->name, slot);
}

/// The last entry that names another quantizer so.
std::string entryWith(const Recipe &recipe, const std::string &reference)
{
    int number = 0;
    for (const RecipeQuantizer &entry : recipe.quantizers)
        if (entry.sharedWith == reference || entry.scaleSharedWith == reference
            || entry.thresholdSharedWith == reference || entry.input == reference)
            number = entry.number;
    return entryText(recipe, number);
}

} // namespace

Result<BrevitasFacts> gatherFacts(const Network &network, StateDict dict)
{
    BrevitasFacts facts;
    facts.file = network.file;
    facts.recipe = network.recipe;
    facts.version = versionOf(network.recipe);
    facts.dict = std::move(dict);
    facts.layers = network.layers;
    for (const Layer &layer : network.layers)
        facts.inputs.push_back(onlyInput(network, layer.id));
    indexSlots(facts);
    for (SlotIndex i = 0; i < facts.slots.size(); ++i)
        facts.logDomain = facts.logDomain || storesNegativeThreshold(facts, i);
    try {
        shareByConstruction(facts);
        linkSharers(facts);
        linkStorages(facts);
        linkProofs(facts);
    } catch (const RecipeMismatch &error) {
        return tl::unexpected(Error{ErrorKind::Usage, facts.recipe.path.empty() ? facts.file->path : facts.recipe.path,
            std::nullopt, error.what()});
    }
    return facts;
}

Result<BrevitasFacts> gatherFacts(const Network &network)
{
    return gatherFacts(network, groupStateDict(*network.file));
}

SlotReference referenced(const BrevitasFacts &facts, const std::string &text, const std::vector<Slot> &slots)
{
    const auto colon = text.rfind(':');
    if (colon != std::string::npos) {
        const std::string layer = text.substr(0, colon), word = text.substr(colon + 1);
        const auto slot = slotFromName(word);
        const auto index = slot ? slotOfNamed(facts, layer, *slot) : std::nullopt;
        if (index || facts.layerNamed(text) == nullptr) // a layer's own name may hold a colon
            return {layer, {word}, index};
    }
    SlotReference out{text, {}, {}};
    for (const Slot slot : slots) {
        out.slots.emplace_back(slotName(slot));
        if (!out.index)
            out.index = slotOfNamed(facts, text, slot);
    }
    return out;
}

SlotIndex namedSlot(
    const BrevitasFacts &facts, const std::string &reference, const std::vector<Slot> &wanted, const char *key)
{
    auto [layer, slots, index] = referenced(facts, reference, wanted);
    if (index)
        return *index;
    std::vector<std::string> names;
    if (const Layer *known = facts.layerNamed(layer)) {
        for (const SlotQuantizer &slot : known->slots)
            names.emplace_back(slotName(slot.slot));
        slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
        throw RecipeMismatch(
            fmt::format("{} = \"{}\"{}: the layer has no slot {}{}", key, reference, entryWith(facts.recipe, reference),
                fmt::join(slots, " or "), slots.size() == 1 ? didYouMean(slots.front(), names) : ""));
    }
    for (const Layer &known : facts.layers)
        names.push_back(known.name);
    throw RecipeMismatch(fmt::format("{} = \"{}\"{} names no layer of the file{}", key, reference,
        entryWith(facts.recipe, reference), didYouMean(layer, names)));
}

std::string entryText(const Recipe &recipe, int number)
{
    const auto found
        = std::ranges::find_if(recipe.quantizers, [&](const RecipeQuantizer &entry) { return entry.number == number; });
    if (number == 0 || found == recipe.quantizers.end())
        return {};
    return found->line == 0 ? fmt::format(" (entry {})", number)
                            : fmt::format(" (entry {}, line {})", number, found->line);
}

} // namespace quantscope
