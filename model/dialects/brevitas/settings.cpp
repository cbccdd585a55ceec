#include "dialects/brevitas/settings.h"

#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/presets.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace quantscope {

std::optional<std::string> SlotSettings::value(std::string_view keyword) const
{
    const auto found
        = std::find_if(overrides.begin(), overrides.end(), [&](const auto &o) { return o.first == keyword; });
    return found == overrides.end() ? std::nullopt : std::optional(found->second);
}

namespace {

void setOverride(SlotSettings &settings, const std::string &keyword, const std::string &text, int entry)
{
    const auto found = std::find_if(
        settings.overrides.begin(), settings.overrides.end(), [&](const auto &o) { return o.first == keyword; });
    if (found == settings.overrides.end())
        settings.overrides.emplace_back(keyword, text);
    else
        found->second = text;
    settings.overrideEntry[keyword] = entry;
}

void applySharing(SlotSettings &settings, const RecipeQuantizer &entry)
{
    if (entry.sharedWith) {
        settings.sharedWith = *entry.sharedWith;
        settings.sharesWhole = !entry.slot;
    }
    if (entry.scaleSharedWith || entry.thresholdSharedWith) { // the later word about the scale wins
        settings.scaleSharedWith = entry.scaleSharedWith.value_or("");
        settings.thresholdSharedWith = entry.thresholdSharedWith.value_or("");
    }
    if (entry.sharedWith || entry.scaleSharedWith || entry.thresholdSharedWith)
        settings.sharingAssumed = entry.assumed;
}

void applyInput(SlotSettings &settings, const RecipeQuantizer &entry)
{
    if (entry.input)
        settings.input = *entry.input;
    if (entry.inputScale)
        settings.inputScale = entry.inputScale;
    if (entry.inputBitWidth)
        settings.inputBitWidth = entry.inputBitWidth;
    if (entry.inputSigned)
        settings.inputSigned = entry.inputSigned;
    if (entry.input || entry.inputScale || entry.inputBitWidth || entry.inputSigned)
        settings.inputAssumed = entry.assumed;
}

void apply(SlotSettings &settings, const RecipeQuantizer &entry)
{
    if (entry.preset || entry.sharedWith || entry.ownClass)
        settings = SlotSettings{};
    // Keywords for every slot change the quantizers that there are; they make none.
    settings.mentioned
        = settings.mentioned || entry.preset || entry.sharedWith || entry.ownClass || entry.slot.has_value();
    if (entry.preset || entry.ownClass) {
        settings.preset = entry.preset.value_or("");
        settings.ownClass = entry.ownClass.value_or("");
        settings.presetEntry = entry.number;
        settings.presetAssumed = entry.assumed;
    }
    applySharing(settings, entry);
    applyInput(settings, entry);
    for (const auto &[keyword, text] : entry.overrides) {
        setOverride(settings, keyword, text, entry.number);
        if (entry.assumed)
            settings.assumedKeywords.insert(keyword);
        else
            settings.assumedKeywords.erase(keyword);
    }
}

/// `match = "conv*"` with `shared_with = "conv1"` reaches conv1 too, whose quantizer object it is.
bool namesItself(const std::optional<std::string> &owner, const std::string &layer, Slot slot)
{
    if (!owner)
        return false;
    const std::string named = withoutWrappers(*owner), own = withoutWrappers(layer);
    return named == own || named == fmt::format("{}:{}", own, slot);
}

/// The same of a scale alone, whose owner keeps what else the entry says.
RecipeQuantizer withoutOwnScale(RecipeQuantizer entry, const std::string &layer, Slot slot)
{
    if (namesItself(entry.scaleSharedWith, layer, slot))
        entry.scaleSharedWith.reset();
    if (namesItself(entry.thresholdSharedWith, layer, slot))
        entry.thresholdSharedWith.reset();
    return entry;
}

} // namespace

bool speaksOf(const RecipeQuantizer &entry, const std::string &layer, Slot slot)
{
    if (!matchesLayer(entry.match, layer))
        return false;
    if (entry.slot || !entry.preset)
        return !entry.slot || entry.slot == slot;
    const Slot kind = presetSlot(slot);
    if (isLabQuantizer(*entry.preset)) // these quantize tensors
        return kind == Slot::Weight || kind == Slot::Bias;
    const Preset *preset = findPreset(*entry.preset);
    return preset == nullptr || preset->slot == kind;
}

SlotSettings settingsFor(const Recipe &recipe, const std::string &layer, Slot slot, bool reachedByWildcards)
{
    std::vector<std::size_t> all(recipe.quantizers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return settingsFor(recipe, all, layer, slot, reachedByWildcards);
}

SlotSettings settingsFor(const Recipe &recipe, const std::vector<std::size_t> &positions, const std::string &layer,
    Slot slot, bool reachedByWildcards)
{
    SlotSettings settings;
    for (const std::size_t position : positions) {
        const RecipeQuantizer &entry = recipe.quantizers[position];
        if (!speaksOf(entry, layer, slot))
            continue;
        const bool wild = hasWildcard(entry.match) && !namesLayer(entry.match, layer);
        if (wild && (!reachedByWildcards || namesItself(entry.sharedWith, layer, slot)))
            continue;
        if (wild && (entry.scaleSharedWith || entry.thresholdSharedWith))
            apply(settings, withoutOwnScale(entry, layer, slot));
        else
            apply(settings, entry);
    }
    return settings;
}

const RecipeLayer *batchNormEntry(const Recipe &recipe, const std::string &layer)
{
    const RecipeLayer *last = nullptr;
    for (const RecipeLayer &entry : recipe.layers)
        if (entry.batchNorm && namesLayer(entry.match, layer))
            last = &entry;
    return last;
}

bool sameBatchNorm(const Recipe &a, const Recipe &b, const std::string &layer)
{
    const RecipeLayer *first = batchNormEntry(a, layer), *second = batchNormEntry(b, layer);
    if (first == nullptr || second == nullptr)
        return first == second;
    return first->batchNorm == second->batchNorm && first->epsilon == second->epsilon;
}

} // namespace quantscope
