#include "base/text.h"
#include "quant/spec.h"

#include <algorithm>
#include <charconv>

namespace quantscope {

std::optional<int> brevitasVersion(const std::string &text)
{
    int part[3] = {0, 0, 0};
    const char *at = text.data();
    const char *const end = at + text.size();
    for (int i = 0; i < 3; ++i) {
        const auto [next, error] = std::from_chars(at, end, part[i]);
        if (error != std::errc() || part[i] < 0)
            return std::nullopt;
        at = next;
        if (at == end && i >= 1)
            break;
        if (i < 2 && (at == end || *at++ != '.'))
            return std::nullopt;
    }
    if (at != end || part[0] != 0 || part[1] < 6 || part[1] > 12 || part[2] > 9)
        return std::nullopt;
    return part[1] * 10 + part[2];
}

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

void apply(SlotSettings &settings, const RecipeQuantizer &entry)
{
    if (entry.preset || entry.sharedWith)
        settings = SlotSettings{};
    settings.mentioned = true;
    if (entry.preset) {
        settings.preset = *entry.preset;
        settings.presetEntry = entry.number;
    }
    if (entry.sharedWith)
        settings.sharedWith = *entry.sharedWith;
    if (entry.input)
        settings.input = *entry.input;
    if (entry.inputScale)
        settings.inputScale = entry.inputScale;
    if (entry.inputBitWidth)
        settings.inputBitWidth = entry.inputBitWidth;
    if (entry.inputSigned)
        settings.inputSigned = entry.inputSigned;
    for (const auto &[keyword, text] : entry.overrides)
        setOverride(settings, keyword, text, entry.number);
}

} // namespace

bool speaksOf(const RecipeQuantizer &entry, const std::string &layer, const std::string &slot)
{
    const Preset *preset = entry.slot.empty() && entry.preset ? findPreset(*entry.preset) : nullptr;
    const bool fits = entry.slot.empty() ? preset == nullptr || preset->slot == presetSlot(slot) : entry.slot == slot;
    return fits && globMatch(entry.match, layer);
}

SlotSettings settingsFor(
    const Recipe &recipe, const std::string &layer, const std::string &slot, bool reachedByWildcards)
{
    SlotSettings settings;
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        if (!speaksOf(entry, layer, slot))
            continue;
        if (hasWildcard(entry.match) && !reachedByWildcards)
            continue;
        apply(settings, entry);
    }
    return settings;
}

const RecipeLayer *batchNormEntry(const Recipe &recipe, const std::string &layer)
{
    const RecipeLayer *last = nullptr;
    for (const RecipeLayer &entry : recipe.layers)
        if (entry.batchNorm && entry.match == layer)
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
