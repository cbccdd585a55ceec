#include "dialects/brevitas/recipe_edits.h"

#include "base/text.h"
#include "dialects/brevitas/choice_patterns.h"
#include "dialects/brevitas/spec.h"
#include "recipe/entry_index.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace quantscope {

namespace {

void setKeywords(RecipeQuantizer &entry, const std::vector<std::pair<std::string, std::string>> &overrides)
{
    for (const auto &given : overrides) {
        const auto same = std::find_if(
            entry.overrides.begin(), entry.overrides.end(), [&](const auto &o) { return o.first == given.first; });
        if (same == entry.overrides.end())
            entry.overrides.push_back(given);
        else
            same->second = given.second;
    }
}

void write(RecipeQuantizer &entry, const SlotChoice &choice, const SlotSettings &before)
{
    entry.edited = true;
    if (choice.preset.empty())
        return setKeywords(entry, choice.overrides);
    entry.preset = choice.preset;
    entry.assumed = false;
    entry.ownClass.reset();
    entry.sharedWith.reset();
    entry.scaleSharedWith.reset();
    entry.thresholdSharedWith.reset();
    entry.overrides = choice.overrides;
    entry.input = before.input.empty() ? std::nullopt : std::optional(before.input);
    entry.inputScale = before.inputScale;
    entry.inputBitWidth = before.inputBitWidth;
    entry.inputSigned = before.inputSigned;
}

/// Writes choices of single slots, of which there may be thousands, and finds what speaks of each.
class ChoiceWriter {
public:
    explicit ChoiceWriter(Recipe &recipe)
        : m_recipe(recipe)
        , m_entries(recipe.quantizers)
    {
    }
    void choose(const SlotChoice &choice)
    {
        const std::vector<std::size_t> places = placesFor(choice.layer);
        const SlotSettings before = settingsFor(m_recipe, places, choice.layer, choice.slot, true);
        write(ownEntry(places, choice), choice, before);
    }

private:
    std::vector<std::size_t> placesFor(const std::string &layer) const
    {
        std::vector<std::size_t> places = m_entries.mayReach(layer);
        if (const auto added = m_added.find(withoutWrappers(layer)); added != m_added.end())
            places.insert(places.end(), added->second.begin(), added->second.end());
        return places;
    }

    /// The slot's own entry, when it is the last that speaks of the slot: only then does a change of it take effect.
    /// Keywords alone do not go into an entry that nobody confirmed: choosing them confirms them and nothing else.
    RecipeQuantizer &ownEntry(const std::vector<std::size_t> &places, const SlotChoice &choice)
    {
        const auto last = std::find_if(places.rbegin(), places.rend(),
            [&](std::size_t place) { return speaksOf(m_recipe.quantizers[place], choice.layer, choice.slot); });
        if (last != places.rend()) {
            RecipeQuantizer &own = m_recipe.quantizers[*last];
            if (own.slot == choice.slot && namesLayer(own.match, choice.layer)
                && (!choice.preset.empty() || !own.assumed))
                return own;
        }
        m_added[withoutWrappers(choice.layer)].push_back(m_recipe.quantizers.size());
        RecipeQuantizer &added = m_recipe.quantizers.emplace_back();
        added.match = globEscape(choice.layer);
        added.slot = choice.slot;
        added.number = static_cast<int>(m_recipe.quantizers.size());
        return added;
    }

    Recipe &m_recipe;
    EntryIndex m_entries; ///< of what was there before
    std::unordered_map<std::string, std::vector<std::size_t>> m_added; ///< by layer
};

/// The pattern's own entry, when it is the last that speaks of any of its slots, else a new last one.
RecipeQuantizer &patternEntry(Recipe &recipe, const SlotChoice &pattern, const std::vector<SlotChoice> &choices)
{
    for (auto entry = recipe.quantizers.rbegin(); entry != recipe.quantizers.rend(); ++entry) {
        if (entry->match == pattern.layer && entry->slot == pattern.slot
            && (!pattern.preset.empty() || !entry->assumed))
            return *entry;
        if (std::ranges::any_of(choices, [&](const SlotChoice &choice) {
                return speaksOf(*entry, choice.layer, choice.slot) && matchesLayer(pattern.layer, choice.layer);
            }))
            break;
    }
    RecipeQuantizer &added = recipe.quantizers.emplace_back();
    added.match = pattern.layer;
    added.slot = pattern.slot;
    added.number = static_cast<int>(recipe.quantizers.size());
    return added;
}

using Input = std::tuple<std::string, std::optional<double>, std::optional<double>, std::optional<bool>>;

Input inputOf(const SlotSettings &settings)
{
    return {settings.input, settings.inputScale, settings.inputBitWidth, settings.inputSigned};
}

/// Choices that say the same, of slots whose input is said in the same words: what was said of it stays.
struct SameChoices {
    SlotSettings before; ///< of each of them, as far as that matters
    std::vector<SlotChoice> choices;
};

std::vector<SameChoices> groupedChoices(const Recipe &recipe, const std::vector<SlotChoice> &choices)
{
    using Key = std::tuple<Slot, std::string, std::vector<std::pair<std::string, std::string>>, Input>;
    const EntryIndex entries(recipe.quantizers);
    std::map<Key, std::size_t> positions;
    std::vector<SameChoices> groups;
    for (const SlotChoice &choice : choices) {
        const SlotSettings before
            = settingsFor(recipe, entries.mayReach(choice.layer), choice.layer, choice.slot, true);
        const auto [found, isNew]
            = positions.try_emplace({choice.slot, choice.preset, choice.overrides, inputOf(before)}, groups.size());
        if (isNew)
            groups.push_back({before, {}});
        groups[found->second].choices.push_back(choice);
    }
    return groups;
}

bool saySlotsTwice(const std::vector<SlotChoice> &choices)
{
    std::set<std::pair<std::string, Slot>> seen;
    return std::ranges::any_of(
        choices, [&](const SlotChoice &choice) { return !seen.emplace(choice.layer, choice.slot).second; });
}

} // namespace

Recipe withChoice(const Recipe &recipe, const SlotChoice &choice) { return withChoices(recipe, {choice}); }

Recipe withChoices(const Recipe &recipe, const std::vector<SlotChoice> &choices)
{
    Recipe edited = recipe;
    ChoiceWriter writer(edited);
    for (const SlotChoice &choice : choices)
        writer.choose(choice);
    return edited;
}

Recipe withChoices(const Recipe &recipe, const std::vector<SlotChoice> &choices, const Network &network)
{
    if (saySlotsTwice(choices))
        return withChoices(recipe, choices);
    Recipe edited = recipe;
    for (const SameChoices &group : groupedChoices(recipe, choices)) {
        const CoveredChoices covered = coverChoices(network, group.choices);
        for (const SlotChoice &pattern : covered.patterns)
            write(patternEntry(edited, pattern, group.choices), pattern, group.before);
        ChoiceWriter writer(edited);
        for (const SlotChoice &choice : covered.alone)
            writer.choose(choice);
    }
    return edited;
}

std::optional<Recipe> withoutKeyword(
    const Recipe &recipe, const std::string &layer, Slot slot, const std::string &keyword)
{
    Recipe edited = recipe;
    const auto says = [&](const RecipeQuantizer &entry) {
        return std::ranges::any_of(entry.overrides, [&](const auto &given) { return given.first == keyword; });
    };
    const auto last = std::find_if(edited.quantizers.rbegin(), edited.quantizers.rend(),
        [&](const RecipeQuantizer &entry) { return speaksOf(entry, layer, slot) && says(entry); });
    if (last == edited.quantizers.rend() || last->slot != slot || !namesLayer(last->match, layer))
        return std::nullopt;
    std::erase_if(last->overrides, [&](const auto &given) { return given.first == keyword; });
    last->edited = true;
    // An entry of this session that says nothing any more.
    std::erase_if(edited.quantizers, [&](const RecipeQuantizer &entry) {
        return entry.line == 0 && entry.edited && entry.overrides.empty() && !entry.preset && !entry.sharedWith
            && !entry.scaleSharedWith && !entry.thresholdSharedWith && !entry.ownClass && !entry.input
            && !entry.inputScale && !entry.inputBitWidth && !entry.inputSigned;
    });
    return edited;
}

Recipe withBatchNorm(const Recipe &recipe, const std::string &layer, const std::string &batchNorm)
{
    Recipe edited = recipe;
    for (RecipeLayer &entry : edited.layers)
        if (namesLayer(entry.match, layer) && entry.batchNorm) {
            entry.batchNorm.reset();
            entry.epsilon.reset();
            entry.edited = true;
        }
    if (!batchNorm.empty()) {
        auto entry = std::find_if(edited.layers.begin(), edited.layers.end(),
            [&](const RecipeLayer &l) { return namesLayer(l.match, layer); });
        if (entry == edited.layers.end()) {
            entry = edited.layers.insert(edited.layers.end(), RecipeLayer());
            entry->match = globEscape(layer);
        }
        entry->batchNorm = batchNorm;
        entry->edited = true;
    }
    // Entries of this session that say nothing any more.
    std::erase_if(edited.layers, [&](const RecipeLayer &entry) {
        return entry.line == 0 && !entry.kind && !entry.groups && !entry.stride && !entry.batchNorm;
    });
    return edited;
}

bool hasEdits(const Recipe &recipe)
{
    const auto isEdit = [](const auto &entry) { return entry.edited || entry.line == 0; };
    return std::any_of(recipe.quantizers.begin(), recipe.quantizers.end(), isEdit)
        || std::any_of(recipe.layers.begin(), recipe.layers.end(), isEdit);
}

} // namespace quantscope
