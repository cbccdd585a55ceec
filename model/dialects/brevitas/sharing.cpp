#include "dialects/brevitas/sharing.h"

#include "base/text.h"
#include "dialects/brevitas/lab_quantizers.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/recurrent_rules.h"
#include "network/recover.h"
#include "recipe/layer_match.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The recipe names this very slot and gives it a quantizer, or its tensor cannot share one.
bool standsAlone(const BrevitasFacts &facts, SlotIndex index)
{
    const SlotSettings &settings = facts.slots[index].settings;
    const std::string &layer = facts.layerOf(index).name;
    const SlotQuantizer &slot = facts.slotOf(index);
    return !settings.sharedWith.empty() || isLabQuantizer(settings.preset)
        || (slot.tensor != nullptr && slot.tensor->affine)
        || std::ranges::any_of(facts.recipe.quantizers, [&](const RecipeQuantizer &entry) {
               return entry.preset && namesLayer(entry.match, layer) && speaksOf(entry, layer, slot.slot);
           });
}

/// The slots that a layer's name alone may mean in shared_with.
std::vector<Slot> sharedSlots(Slot slot)
{
    return presetSlot(slot) == Slot::Act ? std::vector{slot, Slot::Act, Slot::Output} : std::vector{slot};
}

/// An entry without a slot shares whatever the other layer has: a bias needs no owner where that has none.
bool hasNothingToShare(const BrevitasFacts &facts, SlotIndex index)
{
    const SlotSettings &settings = facts.slots[index].settings;
    if (!settings.sharesWhole)
        return false;
    const Slot slot = facts.slotOf(index).slot;
    const SlotReference owner = referenced(facts, settings.sharedWith, sharedSlots(slot));
    return facts.layerNamed(owner.layer) != nullptr
        && (!owner.index || presetSlot(facts.slotOf(*owner.index).slot) != presetSlot(slot));
}

SlotIndex namedOwner(const BrevitasFacts &facts, SlotIndex index)
{
    return namedSlot(
        facts, facts.slots[index].settings.sharedWith, sharedSlots(facts.slotOf(index).slot), "shared_with");
}

/// A sharer of a sharer shares the first one's object. `ends` has the owner of each slot that was passed before.
SlotIndex ownerOf(const BrevitasFacts &facts, SlotIndex index, std::vector<std::optional<SlotIndex>> &ends)
{
    const std::string &layer = facts.layerOf(index).name;
    const Slot slot = facts.slotOf(index).slot;
    SlotIndex owner = namedOwner(facts, index);
    if (owner == index)
        throw RecipeMismatch(fmt::format("{} cannot share its {} quantizer with itself", layer, slot));
    std::vector<SlotIndex> passed{index};
    while (!ends[owner] && !facts.slots[owner].settings.sharedWith.empty()) {
        if (passed.size() > facts.slots.size() || owner == index)
            throw RecipeMismatch(fmt::format("shared_with goes round in a circle at {}", layer));
        passed.push_back(owner);
        owner = namedOwner(facts, owner);
    }
    owner = ends[owner].value_or(owner);
    for (const SlotIndex slotPassed : passed)
        ends[slotPassed] = owner;
    if (presetSlot(facts.slotOf(owner).slot) != presetSlot(slot))
        throw RecipeMismatch(
            fmt::format("{} {} cannot share the quantizer of {} {}: their presets are of different kinds", layer, slot,
                facts.layerOf(owner).name, facts.slotOf(owner).slot));
    return owner;
}

} // namespace

/// The one that the recipe names is the owner, or the first.
void shareByConstruction(BrevitasFacts &facts)
{
    std::map<std::string, std::vector<SlotIndex>> groups;
    for (SlotIndex i = 0; i < facts.slots.size(); ++i)
        if (const std::string name = sharedByConstruction(facts.layerOf(i).name, facts.slotOf(i).slot); !name.empty())
            groups[name].push_back(i);
    const auto sharesNothing = [&](SlotIndex i) { return facts.slots[i].settings.sharedWith.empty(); };
    for (const auto &[name, members] : groups) {
        const auto named
            = std::ranges::find_if(members, [&](SlotIndex i) { return sharesNothing(i) && standsAlone(facts, i); });
        const auto owner = named != members.end() ? named : std::ranges::find_if(members, sharesNothing);
        for (const SlotIndex i : members)
            if (owner != members.end() && i != *owner && !standsAlone(facts, i))
                facts.slots[i].settings.sharedWith = facts.nameOf(*owner);
    }
}

void linkSharers(BrevitasFacts &facts)
{
    std::vector<std::optional<SlotIndex>> ends(facts.slots.size());
    for (SlotIndex i = 0; i < facts.slots.size(); ++i) {
        SlotSettings &settings = facts.slots[i].settings;
        if (settings.sharedWith.empty())
            continue;
        if (hasNothingToShare(facts, i)) {
            settings.sharedWith.clear();
            settings.preset = "None";
            continue;
        }
        const SlotIndex owner = ownerOf(facts, i, ends);
        facts.slots[i].owner = owner;
        facts.slots[owner].sharers.push_back(i);
    }
}

} // namespace quantscope
