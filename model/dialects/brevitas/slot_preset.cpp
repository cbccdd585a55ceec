#include "dialects/brevitas/slot_preset.h"

#include "base/text.h"
#include "dialects/brevitas/assumed_presets.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/learned_rounding.h"
#include "dialects/brevitas/own_class.h"
#include "dialects/brevitas/packed_rules.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/torch_ao_rules.h"
#include "dialects/brevitas/weight_rules.h"
#include "network/recover.h"
#include "quant/stored_integers.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace quantscope {

namespace {

RecipeMismatch mismatch(const SlotWork &work, int entry, std::string_view problem)
{
    return RecipeMismatch(
        fmt::format("{} {}{}: {}", work.layer().name, work.slot.slot, entryText(work.facts.recipe, entry), problem));
}

/// The entry that gave a keyword, else the one that gave the preset.
int entryOf(const SlotSettings &settings, const std::string &keyword)
{
    const auto entry = settings.overrideEntry.find(keyword);
    return entry == settings.overrideEntry.end() ? settings.presetEntry : entry->second;
}

/// A sharer is set as its owner is: one object.
void takeOwner(SlotWork &work)
{
    const ResolvedSlot &owner = *work.context.owner;
    const std::string &preset = owner.settings.preset;
    if (!owner.settings.ownClass.empty()) {
        work.slot.sharedWith = work.facts.nameOf(*work.owner());
        work.settings.ownClass = owner.settings.ownClass;
        return;
    }
    if (preset.empty() && !owner.failure && work.settings.sharesWhole) {
        work.settings.preset = "None";
        return;
    }
    if (!owner.presetDecided && (owner.failure || preset.empty()))
        throw SlotFailure{
            "shared-owner-unknown", fmt::format("the quantizer it shares ({}) is not known", work.settings.sharedWith)};
    if (isLabQuantizer(preset) && !preset.starts_with("ap_"))
        throw SlotFailure{"shared-statistics",
            fmt::format("{} follows from each tensor alone and cannot be shared with {}: give it a preset of its own",
                preset, work.settings.sharedWith)};
    work.slot.sharedWith = work.facts.nameOf(*work.owner());
    for (const auto &[keyword, text] : work.settings.overrides)
        if (owner.settings.value(keyword) != text)
            work.warn("shared-keyword-ignored",
                fmt::format(
                    "{} = {} has no effect here: the quantizer is that of {}", keyword, text, work.slot.sharedWith));
    work.settings.preset = preset;
    work.settings.overrides = owner.settings.overrides;
    work.settings.overrideEntry = owner.settings.overrideEntry;
    work.settings.presetEntry = owner.settings.presetEntry;
    work.settings.assumedKeywords = owner.settings.assumedKeywords;
}

/// Whether an entry of the recipe speaks of this slot's preset or of this layer alone, not of whatever a wildcard
/// finds.
bool isMeant(const SlotWork &work, int number)
{
    return number == work.settings.presetEntry
        || std::ranges::any_of(work.facts.recipe.quantizers, [&](const RecipeQuantizer &entry) {
               return entry.number == number && namesLayer(entry.match, work.layer().name);
           });
}

/// A keyword that says nothing is a mistake, unless it is meant for others too.
void dropIdleKeywords(SlotWork &work)
{
    std::erase_if(work.settings.overrides, [&](const auto &given) {
        const std::string problem = keywordWithoutEffect(work.settings.preset, given.first);
        if (problem.empty())
            return false;
        const int number = entryOf(work.settings, given.first);
        if (isMeant(work, number))
            throw mismatch(work, number, problem);
        work.warn("keyword-without-effect", problem);
        return true;
    });
}

/// Brevitas takes them there and leaves them unused.
void warnOfIdleKeywords(SlotWork &work, const QuantizerSpec &spec)
{
    for (const std::string &keyword : spec.ignored)
        work.warn("keyword-without-effect",
            fmt::format("{} = {} has no effect here: Brevitas {} does not read it for {}", keyword,
                work.settings.value(keyword).value_or(""), versionText(work.facts.version), spec.preset->name));
    const auto given = work.settings.value("bit_width");
    if (given && spec.bits == 0)
        return work.warn("keyword-without-effect",
            fmt::format("bit_width = {} has no effect here: {} has the width of its accumulator before Brevitas 0.11",
                *given, spec.preset->name));
    if (given && spec.kind != QuantizerKind::Affine && spec.kind != QuantizerKind::Minifloat
        && *given != std::to_string(spec.bits))
        work.warn("keyword-without-effect",
            fmt::format("bit_width = {} has no effect here: a quantizer of {} levels has a width of its own", *given,
                spec.kind == QuantizerKind::Binary ? "two" : "three"));
}

/// Keywords that come with an assumed preset are of no entry.
constexpr std::string_view kNoEntry = "entry 0, ";

void markPresetAssumed(SlotWork &work)
{
    for (auto &[field, origin] : work.spec->origin)
        if (!work.grid.empty())
            origin = {Origin::Assumed, work.grid};
        else if (origin.detail.starts_with(kNoEntry))
            origin = {Origin::Assumed, origin.detail.substr(kNoEntry.size())};
        else if (origin.origin == Origin::Preset)
            origin = {Origin::Assumed,
                fmt::format("{}{}", work.slot.preset,
                    work.slot.alternatives.empty() ? "" : "; " + work.slot.alternatives.front() + " fits as well")};
}

void takeSpec(SlotWork &work, bool assumed)
{
    SlotQuantizer &slot = work.slot;
    auto spec = makeSpec(work.settings, work.facts.version);
    if (!spec) // the sentence begins with the keyword, where it is about one
        throw mismatch(work, entryOf(work.settings, spec.error().substr(0, spec.error().find(' '))), spec.error());
    slot.preset = work.settings.preset;
    slot.overrides = work.settings.overrides;
    slot.input = work.settings.input;
    warnOfIdleKeywords(work, *spec);
    if (spec->off)
        return;
    if (!spec->missing.empty()) {
        work.slot.assumed = true;
        work.warn("keyword-missing",
            fmt::format("{} has no field of its own, and the recipe gives no {}: assumed as most presets have it",
                spec->preset->name, fmt::join(spec->missing, ", ")));
    }
    slot.assumed = slot.assumed || assumed;
    slot.presetAssumed = assumed;
    if (!spec->decoded)
        throw SlotFailure{"not-decoded-yet", spec->undecodedWhy};
    work.spec = std::move(*spec);
    const StateQuantizer *keys = work.facts.ownOrOwnersKeys(work.index);
    if (keys != nullptr && keys->before06)
        takeDefaultsBefore06(*work.spec, work.settings);
    heedDecisions(work);
    if (assumed)
        markPresetAssumed(work);
}

void takeLabQuantizer(SlotWork &work, bool assumed)
{
    SlotQuantizer &slot = work.slot;
    const bool saysAll = work.settings.preset.starts_with("ap_") && presetSlot(slot.slot) == Slot::Act;
    if (!saysAll && (!slot.tensor || !isFloating(slot.tensor->dtype)))
        throw SlotFailure{"no-tensor",
            fmt::format("{} quantizes float weights and biases, and there are none here", work.settings.preset)};
    if (slot.tensor && slot.tensor->count() == 0)
        throw SlotFailure{"empty-tensor", "the tensor is empty, so it has no scale"};
    try {
        slot.quantizer = labQuantizer(work.settings.preset, work.settings, slot);
    } catch (const std::invalid_argument &error) {
        throw mismatch(work, work.settings.presetEntry, error.what());
    }
    if (slot.tensor && !work.settings.value("axis"))
        markAssumedAxis(work, *slot.quantizer);
    slot.preset = work.settings.preset;
    slot.overrides = work.settings.overrides;
    slot.assumed = slot.assumed || assumed;
    slot.presetAssumed = assumed;
    if (assumed)
        for (auto &[field, origin] : slot.quantizer->origin)
            origin.origin = Origin::Assumed;
}

/// Integers are codes already: a preset, which computes codes from floats, says nothing about them.
bool isStoredInteger(SlotWork &work)
{
    const SlotQuantizer &slot = work.slot;
    const std::string &preset = work.settings.preset;
    if (!slot.tensor || !storedIntegers(*slot.tensor) || preset == "None" || !work.settings.ownClass.empty())
        return false;
    if (!preset.empty())
        work.warn("stored-integers",
            fmt::format("{} is not applied: the tensor is stored as {}, and these integers are the codes", preset,
                dtypeName(slot.tensor->dtype)));
    return true;
}

} // namespace

void decidePreset(SlotWork &work)
{
    SlotQuantizer &slot = work.slot;
    const ResolvedSlot *owner = work.context.owner;
    if (slot.tensor && slot.tensor->affine)
        return resolveStoredInteger(work);
    if (const PackedWeight *packed = packedWeightOf(work.facts, work.index); packed != nullptr && !work.context.floats)
        return resolvePacked(work, *packed);
    if (work.keys() != nullptr && work.keys()->torchAo)
        return resolveTorchAo(work);
    if (owner != nullptr)
        takeOwner(work);
    if (owner == nullptr && isStoredInteger(work))
        return;
    if (!work.settings.ownClass.empty())
        return takeOwnClass(work);
    bool assumed = work.settings.presetAssumed || work.settings.sharingAssumed;
    if (work.settings.preset == "None") {
        slot.preset = work.settings.preset;
        slot.assumed = slot.presetAssumed = assumed;
        return;
    }
    if (work.settings.preset.empty()) {
        assumed = true;
        if (!assumePreset(work))
            return;
    } else if (assumed && owner == nullptr) {
        findAlternatives(work);
    }
    dropIdleKeywords(work);
    if (isLabQuantizer(work.settings.preset))
        return takeLabQuantizer(work, assumed);
    if (owner != nullptr) {
        assumed = assumed || owner->slot.presetAssumed;
        slot.alternatives = owner->slot.alternatives;
    }
    takeSpec(work, assumed);
}

} // namespace quantscope
