#include "dialects/brevitas/earlier_slots.h"

#include "base/text.h"
#include "dialects/brevitas/bias_rules.h"
#include "dialects/brevitas/input_rules.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/scale_sharing.h"
#include "network/recover.h"
#include "recipe/layer_match.h"

#include <algorithm>

namespace quantscope {

namespace {

bool sameSettings(const SlotSettings &a, const SlotSettings &b)
{
    return a.preset == b.preset && a.sharedWith == b.sharedWith && a.sharesWhole == b.sharesWhole && a.input == b.input
        && a.inputScale == b.inputScale && a.inputBitWidth == b.inputBitWidth && a.inputSigned == b.inputSigned
        && a.overrides == b.overrides && a.mentioned == b.mentioned && a.presetEntry == b.presetEntry
        && a.overrideEntry == b.overrideEntry && a.ownClass == b.ownClass && a.scaleSharedWith == b.scaleSharedWith
        && a.thresholdSharedWith == b.thresholdSharedWith && a.presetAssumed == b.presetAssumed
        && a.sharingAssumed == b.sharingAssumed && a.inputAssumed == b.inputAssumed
        && a.assumedKeywords == b.assumedKeywords;
}

/// Groups and stride, and that the recipe says them: a width that rests on one that it does not say is assumed.
std::pair<bool, bool> saidGeometry(const Recipe &recipe, const std::string &layer)
{
    std::pair<bool, bool> said{false, false};
    for (const RecipeLayer &entry : recipe.layers)
        if (matchesLayer(entry.match, layer)) {
            said.first = said.first || entry.groups.has_value();
            said.second = said.second || entry.stride.has_value();
        }
    return said;
}

bool sameLayer(const BrevitasFacts &now, SlotIndex index, const BrevitasFacts &before, SlotIndex indexBefore)
{
    const Layer &a = now.layerOf(index), &b = before.layerOf(indexBefore);
    return a.kind == b.kind && a.kindAssumed == b.kindAssumed && a.groups == b.groups && a.stride == b.stride
        && now.inputOf(index) == before.inputOf(indexBefore)
        && saidGeometry(now.recipe, a.name) == saidGeometry(before.recipe, b.name);
}

/// A bias follows from its weight and input, a truncation from its input, and so may whatever names an input.
bool readsOthers(const SlotSettings &settings, const SlotQuantizer &before)
{
    const Slot kind = presetSlot(before.slot);
    const Preset *preset = findPreset(before.preset);
    return kind == Slot::Bias || kind == Slot::Trunc || !settings.input.empty()
        || (preset != nullptr && preset->special != Special::None && preset->special != Special::Decoupled);
}

} // namespace

EarlierSlots::EarlierSlots(const BrevitasFacts &now, const Network *previous)
    : m_now(now)
    , m_previous(previous)
    , m_answers(now.slots.size(), Answer::Unknown)
{
    if (previous == nullptr || previous->file != now.file || previous->recipe.brevitas != now.recipe.brevitas
        || previous->recipe.proofs != now.recipe.proofs)
        return;
    if (auto before = gatherFacts(*previous))
        m_before = std::move(*before);
}

std::optional<SlotIndex> EarlierSlots::indexBefore(SlotIndex index) const
{
    return m_before ? m_before->find(m_now.layerOf(index).name, m_now.slotOf(index).slot) : std::nullopt;
}

const SlotQuantizer *EarlierSlots::find(SlotIndex index)
{
    return isSame(index) ? &m_before->slotOf(*indexBefore(index)) : nullptr;
}

std::vector<Diagnostic> EarlierSlots::warningsOf(SlotIndex index) const
{
    std::vector<Diagnostic> out;
    const Layer &layer = m_now.layerOf(index);
    const Layer *before = m_previous->layer(layer.name);
    for (const Diagnostic &d : m_previous->diagnostics)
        if (isSlotWarning(d.rule) && d.subject == Subject(before->id, m_now.slotOf(index).slot))
            out.push_back({d.rule, d.severity, {layer.id, m_now.slotOf(index).slot}, d.text});
    return out;
}

bool EarlierSlots::isSame(SlotIndex index)
{
    if (m_answers[index] == Answer::Asked)
        return false; // a circle, which resolving tells
    if (m_answers[index] != Answer::Unknown)
        return m_answers[index] == Answer::Same;
    m_answers[index] = Answer::Asked;
    const auto before = indexBefore(index);
    const bool same = before && m_before->slotOf(*before).quantizer
        && m_before->slotOf(*before).quantizer->isComplete() // what failed must be said again
        && sameLayer(m_now, index, *m_before, *before) && sameBareSlot(index, *before)
        && sameSettings(m_now.slots[index].settings, m_before->slots[*before].settings) && sharesTheSame(index, *before)
        && readsTheSame(index, m_before->slotOf(*before));
    m_answers[index] = same ? Answer::Same : Answer::Other;
    return same;
}

bool EarlierSlots::sameBareSlot(SlotIndex index, SlotIndex before) const
{
    const SlotQuantizer &a = m_now.slotOf(index), &b = m_before->slotOf(before);
    return a.tensor == b.tensor && a.tensorName == b.tensorName && a.shape == b.shape && a.channelAxis == b.channelAxis;
}

/// The owner is as it was, and so are the tensors that the statistics of the shared quantizer are over.
bool EarlierSlots::sharesTheSame(SlotIndex index, SlotIndex before)
{
    const BrevitasSlotFacts &now = m_now.slots[index], &then = m_before->slots[before];
    if (now.owner.has_value() != then.owner.has_value() || now.sharers.size() != then.sharers.size())
        return false;
    if (!scaledTheSame(index, before))
        return false;
    if (now.owner && (m_now.nameOf(*now.owner) != m_before->nameOf(*then.owner) || !isSame(*now.owner)))
        return false;
    for (std::size_t i = 0; i < now.sharers.size(); ++i)
        if (m_now.nameOf(now.sharers[i]) != m_before->nameOf(then.sharers[i])
            || !sameBareSlot(now.sharers[i], then.sharers[i]))
            return false;
    return true;
}

/// And what its threshold is shared with.
bool EarlierSlots::scaledTheSame(SlotIndex index, SlotIndex before)
{
    const BrevitasSlotFacts &now = m_now.slots[index], &then = m_before->slots[before];
    if (now.oneStorage.size() != then.oneStorage.size())
        return false;
    for (std::size_t i = 0; i < now.oneStorage.size(); ++i)
        if (m_now.nameOf(now.oneStorage[i]) != m_before->nameOf(then.oneStorage[i])
            || !sameSettings(m_now.slots[now.oneStorage[i]].settings, m_before->slots[then.oneStorage[i]].settings)
            || !sameLayer(m_now, now.oneStorage[i], *m_before, then.oneStorage[i]))
            return false;
    try {
        const auto owner = scalingOwner(m_now, index, now.settings);
        return !owner || isSame(*owner);
    } catch (const RecipeMismatch &) {
        return false; // resolving tells
    }
}

/// The input and the weight that it follows from are as they were.
bool EarlierSlots::readsTheSame(SlotIndex index, const SlotQuantizer &before)
{
    if (!readsOthers(m_now.slots[index].settings, before))
        return true;
    try {
        const auto input = inputSlot(m_now, index, m_now.slots[index].settings);
        const auto weight = presetSlot(before.slot) == Slot::Bias ? weightOfBias(m_now, index) : std::nullopt;
        return (!input || isSame(*input)) && (!weight || isSame(*weight));
    } catch (const RecipeMismatch &) {
        return false; // resolving tells, where it asks for the input at all
    }
}

} // namespace quantscope
