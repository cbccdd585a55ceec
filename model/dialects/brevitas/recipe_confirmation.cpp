#include "dialects/brevitas/recipe_confirmation.h"

#include "base/text.h"
#include "dialects/brevitas/choice_patterns.h"
#include "dialects/brevitas/proofs.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/scale_sharing.h"
#include "dialects/brevitas/settings.h"
#include "dialects/brevitas/spec.h"
#include "network/layer_index.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quantscope {

namespace {

bool isAssumed(const SlotQuantizer &slot, const char *field)
{
    if (!slot.quantizer)
        return false;
    const auto origin = slot.quantizer->origin.find(field);
    return origin != slot.quantizer->origin.end() && origin->second.origin == Origin::Assumed;
}

bool isOpen(const SlotSettings &settings, const SlotQuantizer &slot)
{
    const bool nothingSaid = settings.preset.empty() && settings.sharedWith.empty() && settings.ownClass.empty()
        && slot.sharedWith.empty();
    return (nothingSaid && slot.presetAssumed) || settings.presetAssumed || settings.sharingAssumed
        || settings.inputAssumed || !settings.assumedKeywords.empty();
}

/// Entries of this slot alone lose the word; what a wildcard says of others too stays theirs.
void confirmOwnEntries(Recipe &recipe, const std::string &layer, Slot slot)
{
    for (RecipeQuantizer &entry : recipe.quantizers)
        if (entry.assumed && entry.slot == slot && namesLayer(entry.match, layer)) {
            entry.assumed = false;
            entry.edited = true;
        }
}

std::optional<std::string> given(const std::string &text) { return text.empty() ? std::nullopt : std::optional(text); }

/// Everything that is in force, as one last word.
RecipeQuantizer sayAll(const SlotSettings &settings, const std::string &layer, const SlotQuantizer &slot)
{
    RecipeQuantizer entry;
    entry.match = globEscape(layer);
    entry.slot = slot.slot;
    entry.sharedWith = given(settings.sharedWith);
    if (!entry.sharedWith)
        entry.preset = given(settings.preset.empty() ? slot.preset : settings.preset);
    entry.ownClass = given(settings.ownClass);
    entry.scaleSharedWith = given(settings.scaleSharedWith);
    entry.thresholdSharedWith = given(settings.thresholdSharedWith);
    // An assumed preset may come with keywords of its own.
    entry.overrides = settings.preset.empty() && !slot.preset.empty() ? slot.overrides : settings.overrides;
    entry.input = given(settings.input);
    entry.inputScale = settings.inputScale;
    entry.inputBitWidth = settings.inputBitWidth;
    entry.inputSigned = settings.inputSigned;
    return entry;
}

/// The slot's own entry where it is the last that speaks of the slot, else a new last one.
void putLast(Recipe &recipe, const std::string &layer, RecipeQuantizer entry)
{
    const auto last = std::find_if(recipe.quantizers.rbegin(), recipe.quantizers.rend(),
        [&](const RecipeQuantizer &other) { return speaksOf(other, layer, *entry.slot); });
    const bool own = last != recipe.quantizers.rend() && last->slot == entry.slot && namesLayer(last->match, layer);
    entry.edited = true;
    if (own) {
        entry.match = last->match;
        entry.number = last->number;
        entry.line = last->line;
        *last = std::move(entry);
        return;
    }
    recipe.quantizers.push_back(std::move(entry));
}

/// The rule of learned rounding that the stored decisions do not tell from another.
void sayRoundingRule(RecipeQuantizer &entry, const SlotQuantizer &slot)
{
    if (!isAssumed(slot, "rounding") || !slot.quantizer->learnedRounding)
        return;
    const auto said = std::ranges::any_of(
        entry.overrides, [](const auto &given) { return given.first == "learned_round_impl_type"; });
    if (said)
        return;
    const LearnedDecision::Rule rule = slot.quantizer->learnedDecision.rule;
    entry.overrides.emplace_back("learned_round_impl_type",
        rule == LearnedDecision::Rule::Identity       ? "IDENTITY"
            : rule == LearnedDecision::Rule::Positive ? "SIGMOID"
                                                      : "HARD_SIGMOID");
}

bool isLogarithmBefore06(const SlotQuantizer &slot)
{
    return isAssumed(slot, "scale")
        && slot.quantizer->origin.at("scale").detail.find(kLogBefore06) != std::string::npos;
}

/// The restriction that keys of 2019 and 2020 do not tell.
void sayLogarithm(RecipeQuantizer &entry, const SlotQuantizer &slot)
{
    if (isLogarithmBefore06(slot))
        entry.overrides.emplace_back("restrict_scaling_type", "LOG_FP");
}

/// Steps of each output channel are no preset's: no word of a recipe says them.
bool hasNoWords(const SlotSettings &settings, const SlotQuantizer &slot)
{
    return settings.preset.empty() && settings.sharedWith.empty() && slot.preset.empty() && slot.quantizer;
}

RecipeLayer &layerEntry(Recipe &recipe, const std::string &layer)
{
    const auto own
        = std::ranges::find_if(recipe.layers, [&](const RecipeLayer &entry) { return namesLayer(entry.match, layer); });
    RecipeLayer &entry = own == recipe.layers.end() ? recipe.layers.emplace_back() : *own;
    if (own == recipe.layers.end())
        entry.match = globEscape(layer);
    entry.edited = true;
    return entry;
}

void confirmGeometry(Recipe &recipe, const Layer &layer, const SlotQuantizer &slot)
{
    const bool perChannel = slot.quantizer && slot.quantizer->scale && slot.quantizer->scale->values.size() > 1;
    const bool kindTells = slot.slot == Slot::Weight && layer.kindAssumed && isAssumed(slot, "scale") && perChannel;
    if (kindTells && !layer.kind.empty())
        layerEntry(recipe, layer.name).kind = layer.kind;
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    const bool accumulates = slot.slot == Slot::Bias && isAssumed(slot, "bit_width") && !slot.presetAssumed;
    if (!accumulates || weight == nullptr || weight->shape.size() <= 2)
        return;
    RecipeLayer &entry = layerEntry(recipe, layer.name);
    if (weight->channelAxis == 1)
        entry.stride = entry.stride.value_or(layer.stride);
    else
        entry.groups = entry.groups.value_or(layer.groups);
}

void confirm(Recipe &recipe, const Layer &layer, const SlotQuantizer &slot)
{
    confirmOwnEntries(recipe, layer.name, slot.slot);
    const SlotSettings settings = settingsFor(recipe, layer.name, slot.slot);
    const bool roundingOpen = isAssumed(slot, "rounding") && slot.quantizer->learnedRounding;
    if (hasNoWords(settings, slot))
        return;
    const auto scaleOwner = assumedScaleOwner(slot);
    if (isOpen(settings, slot) || roundingOpen || isLogarithmBefore06(slot) || scaleOwner) {
        RecipeQuantizer entry = sayAll(settings, layer.name, slot);
        sayRoundingRule(entry, slot);
        sayLogarithm(entry, slot);
        if (scaleOwner)
            entry.scaleSharedWith = scaleOwner;
        putLast(recipe, layer.name, std::move(entry));
    }
}

} // namespace

namespace {

/// The slot whose quantizer object this one is, as it says itself: "LAYER:SLOT".
std::optional<SlotId> ownerOf(const LayerIndex &layers, const SlotQuantizer &slot)
{
    const std::size_t colon = slot.sharedWith.rfind(':');
    const Layer *layer = layers.find(std::string_view(slot.sharedWith).substr(0, colon));
    const auto name = colon == std::string::npos ? std::nullopt : slotFromName(slot.sharedWith.substr(colon + 1));
    return layer == nullptr || !name ? std::nullopt : std::optional(SlotId{layer->id, *name});
}

/// Those of the slots that are assumed, with the owners of shared ones.
std::set<SlotId> openSlots(const Network &network, const std::vector<SlotId> &slots)
{
    std::set<SlotId> open;
    const LayerIndex layers(network);
    const auto add = [&](const SlotId &id) {
        const SlotQuantizer *slot = network.slot(id);
        if (slot != nullptr && slot->assumed)
            open.insert(id);
        return slot;
    };
    for (const SlotId &id : slots)
        if (const SlotQuantizer *slot = add(id))
            if (const auto owner = ownerOf(layers, *slot))
                add(*owner);
    return open;
}

/// The entries that speak of each layer. Networks have thousands of layers, and their recipes as many entries.
class EntriesByLayer {
public:
    explicit EntriesByLayer(const Recipe &recipe)
    {
        for (std::size_t i = 0; i < recipe.quantizers.size(); ++i) {
            const std::string &match = recipe.quantizers[i].match;
            if (hasWildcard(match))
                m_wild.push_back(i);
            else
                m_literal[withoutWrappers(globName(match))].push_back(i);
        }
    }
    std::vector<std::size_t> of(const std::string &layer) const
    {
        const auto own = m_literal.find(withoutWrappers(layer));
        std::vector<std::size_t> all = m_wild;
        if (own != m_literal.end())
            all.insert(all.end(), own->second.begin(), own->second.end());
        std::ranges::sort(all);
        return all;
    }

private:
    std::vector<std::size_t> m_wild;
    std::unordered_map<std::string, std::vector<std::size_t>> m_literal;
};

/// The entries from `first` on, each of one slot and the last word of it, as few as say the same.
void gatherByPattern(Recipe &recipe, std::size_t first, const Network &network)
{
    const auto said = recipe.quantizers.begin() + static_cast<std::ptrdiff_t>(first);
    const auto gathered = gatheredByPattern({said, recipe.quantizers.end()}, network);
    recipe.quantizers.erase(said, recipe.quantizers.end());
    for (const RecipeQuantizer &entry : gathered) {
        recipe.quantizers.push_back(entry);
        recipe.quantizers.back().number = static_cast<int>(recipe.quantizers.size());
    }
}

} // namespace

Recipe withoutOutdatedProofs(const Recipe &recipe, const Network &before, const Network &after)
{
    Recipe current = recipe;
    const auto contradicted = [](const SlotQuantizer &slot) { return slot.proof == ProofVerdict::Differs; };
    const bool noneContradicted = std::ranges::none_of(
        after.layers, [&](const Layer &layer) { return std::ranges::any_of(layer.slots, contradicted); });
    if (noneContradicted
        && std::ranges::none_of(recipe.proofs, [](const auto &proof) { return proof.from.has_value(); }))
        return current;
    const auto slotOf = [](const Network &network, const RecipeProof &proof) {
        const auto layer = std::ranges::find_if(network.layers,
            [&](const Layer &other) { return withoutWrappers(other.name) == withoutWrappers(proof.layer); });
        return layer == network.layers.end() ? nullptr : layer->slot(proof.slot);
    };
    std::erase_if(current.proofs, [&](const RecipeProof &proof) {
        const SlotQuantizer *was = slotOf(before, proof), *is = slotOf(after, proof);
        if (was == nullptr || is == nullptr)
            return false;
        if (proof.from)
            return hasScaleOf(*was, proof) && !hasScaleOf(*is, proof);
        return was->proof == ProofVerdict::Confirmed && is->proof == ProofVerdict::Differs;
    });
    return current;
}

Recipe withConfirmed(const Recipe &recipe, const Network &network, const std::vector<SlotId> &slots)
{
    Recipe confirmed = recipe;
    const EntriesByLayer entries(recipe);
    const std::set<SlotId> open = openSlots(network, slots);
    for (auto id = open.begin(); id != open.end();) {
        const Layer &layer = network.layer(id->layer);
        const std::vector<std::size_t> places = entries.of(layer.name);
        Recipe part;
        for (const std::size_t place : places)
            part.quantizers.push_back(recipe.quantizers[place]);
        for (; id != open.end() && id->layer == layer.id; ++id) {
            confirm(part, layer, *layer.slot(id->slot));
            confirmGeometry(confirmed, layer, *layer.slot(id->slot));
        }
        for (std::size_t i = 0; i < part.quantizers.size(); ++i) {
            if (i < places.size()) {
                confirmed.quantizers[places[i]] = std::move(part.quantizers[i]);
                continue;
            }
            part.quantizers[i].number = static_cast<int>(confirmed.quantizers.size()) + 1;
            confirmed.quantizers.push_back(std::move(part.quantizers[i]));
        }
    }
    gatherByPattern(confirmed, recipe.quantizers.size(), network);
    return confirmed;
}

} // namespace quantscope
