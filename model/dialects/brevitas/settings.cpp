#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Builds between releases count as the release that they are named after: "0.10.2.dev1", "0.10.2+cpu", "0.10.2rc1".
bool isBuildSuffix(std::string_view text)
{
    return text.empty() || text.starts_with(".dev") || text.starts_with(".post") || text.starts_with('+')
        || text.starts_with("rc");
}

} // namespace

std::optional<int> brevitasVersion(const std::string &text)
{
    int part[3] = {0, 0, 0};
    const char *at = text.data();
    const char *const end = at + text.size();
    for (int i = 0; i < 3; ++i) {
        if (at == end || *at < '0' || *at > '9') // from_chars would take a sign
            return std::nullopt;
        const auto [next, error] = std::from_chars(at, end, part[i]);
        if (error != std::errc())
            return std::nullopt;
        at = next;
        const bool number = at != end && *at == '.' && at + 1 != end && at[1] >= '0' && at[1] <= '9';
        if (i == 2 || (i == 1 && !number))
            break;
        if (!number)
            return std::nullopt;
        ++at;
    }
    if (!isBuildSuffix({at, end}) || part[0] != 0 || part[1] < 6 || part[1] > 12 || part[2] > 9)
        return std::nullopt;
    return part[1] * 10 + part[2];
}

std::string versionText(int version) { return fmt::format("0.{}.{}", version / 10, version % 10); }

bool isBitWidth(double value) { return value >= 1 && value <= 32 && value == std::floor(value); }

bool isScale(double value)
{
    const auto scale = static_cast<float>(std::clamp(value, -1e300, 1e300));
    return scale > 0 && std::isfinite(scale);
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
    // Keywords for every slot change the quantizers that there are; they make none.
    settings.mentioned = settings.mentioned || entry.preset || entry.sharedWith || entry.slot.has_value();
    if (entry.preset) {
        settings.preset = *entry.preset;
        settings.presetEntry = entry.number;
    }
    if (entry.sharedWith) {
        settings.sharedWith = *entry.sharedWith;
        settings.sharesWhole = !entry.slot;
    }
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

/// `match = "conv*"` with `shared_with = "conv1"` reaches conv1 too, whose quantizer object it is.
bool isOwner(const RecipeQuantizer &entry, const std::string &layer, Slot slot)
{
    return entry.sharedWith && (*entry.sharedWith == layer || *entry.sharedWith == fmt::format("{}:{}", layer, slot));
}

} // namespace

bool speaksOf(const RecipeQuantizer &entry, const std::string &layer, Slot slot)
{
    if (!globMatch(entry.match, layer))
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
    SlotSettings settings;
    for (const RecipeQuantizer &entry : recipe.quantizers) {
        if (!speaksOf(entry, layer, slot))
            continue;
        if (hasWildcard(entry.match) && (!reachedByWildcards || isOwner(entry, layer, slot)))
            continue;
        apply(settings, entry);
    }
    return settings;
}

const RecipeLayer *batchNormEntry(const Recipe &recipe, const std::string &layer)
{
    const RecipeLayer *last = nullptr;
    for (const RecipeLayer &entry : recipe.layers)
        if (entry.batchNorm && globName(entry.match) == layer)
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
