#include "open/export_search.h"

#include "dialects/brevitas/presets.h"
#include "open/confirm.h"
#include "open/export_candidates.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>

namespace quantscope {

namespace {

constexpr std::uint64_t kManyElements = 1u << 22; ///< of such a tensor only the usual settings are tried
constexpr std::size_t kMostForMany = 8;
constexpr unsigned kLeftOpen = BitWidthField | RoundingField; ///< what some exports never tell

} // namespace

ExportSearch::ExportSearch(
    const BrevitasFacts &facts, const std::vector<const MatchedExport *> &exports, const Progress &progress)
    : m_facts(facts)
    , m_progress(progress)
    , m_told(facts.slots.size())
    , m_found(facts.slots.size())
{
    for (const MatchedExport *beside : exports)
        for (const Layer &layer : beside->network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (const auto index = facts.find(layer.name, slot.slot);
                    index && slot.quantizer && slot.quantizer->isComplete())
                    m_told[*index].push_back({&beside->network, &slot});
    // Each after those that it may follow from.
    for (const Slot kind : {Slot::Act, Slot::Weight, Slot::Trunc, Slot::Bias})
        for (SlotIndex i = 0; i < facts.slots.size(); ++i)
            if (presetSlot(facts.slotOf(i).slot) == kind && !m_told[i].empty())
                search(i);
}

std::optional<SlotIndex> ExportSearch::ownerOf(SlotIndex index) const
{
    if (m_told[index].empty() || m_found[index] || m_facts.slotOf(index).slot != Slot::Weight)
        return std::nullopt;
    const Quantizer &mine = *m_told[index].front().slot->quantizer;
    for (SlotIndex other = 0; other < m_facts.slots.size(); ++other) {
        if (m_told[other].empty() || !m_found[other] || m_found[other]->open != 0
            || m_facts.slotOf(other).slot != Slot::Weight || m_facts.slots[other].owner)
            continue;
        const Quantizer &theirs = *m_told[other].front().slot->quantizer;
        if (theirs.scale->values == mine.scale->values && theirs.bitWidth == mine.bitWidth
            && theirs.isSigned == mine.isSigned)
            return other;
    }
    return std::nullopt;
}

void ExportSearch::search(SlotIndex index)
{
    std::deque<SlotSettings> open;
    if (const SlotSettings &own = m_facts.slots[index].settings; !own.sharedWith.empty())
        open.push_back(own); // by construction, as the gates of an LSTM
    else
        std::ranges::copy(candidatesOf(index), std::back_inserter(open));
    const bool many = m_facts.slotOf(index).tensor && m_facts.slotOf(index).tensor->count() > kManyElements;
    for (std::size_t tried = 0; !open.empty() && (!many || tried < kMostForMany); ++tried) {
        if (m_found[index] && (m_found[index]->open & ~kLeftOpen) == 0)
            return;
        const SlotSettings settings = std::move(open.front());
        open.pop_front();
        if (!consider(index, settings))
            continue;
        const std::vector<SlotSettings> others = withOtherRoundings(m_facts, index, settings);
        open.insert(open.begin(), others.begin(), others.end());
    }
}

std::vector<SlotSettings> ExportSearch::candidatesOf(SlotIndex index) const
{
    const SlotQuantizer &told = *m_told[index].front().slot;
    std::vector<SlotSettings> out = exportCandidates(m_facts, index, *told.quantizer);
    if (told.slot == Slot::Bias && !out.empty())
        addGivenInputs(out, index);
    if (told.slot != Slot::Weight || told.quantizer->isSigned == told.quantizer->narrow)
        return out;
    // Where codes do not tell, Brevitas 0.10.0 to 0.10.2 may have written them in each other's place.
    Quantizer swapped = *told.quantizer;
    std::swap(swapped.isSigned, swapped.narrow);
    std::ranges::copy(exportCandidates(m_facts, index, swapped), std::back_inserter(out));
    return out;
}

/// Last, where the graph does not tell what feeds the layer: the input scale that makes the bias's of the weight's.
void ExportSearch::addGivenInputs(std::vector<SlotSettings> &candidates, SlotIndex index) const
{
    const auto weight = m_facts.find(m_facts.layerOf(index).name, Slot::Weight);
    if (!weight || !m_found[*weight])
        return;
    const float own = m_found[*weight]->resolved.slot.quantizer->scale->values.front();
    const float product = m_told[index].front().slot->quantizer->scale->values.front(), middle = product / own;
    const std::vector<SlotSettings> known = candidates;
    for (const float scale : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, HUGE_VALF)}) {
        if (own * scale != product || !isScale(static_cast<double>(scale)))
            continue;
        for (const SlotSettings &settings : known)
            if (findPreset(settings.preset)->source == ScaleSource::WeightTimesInput)
                candidates.emplace_back(settings).inputScale = static_cast<double>(scale);
        return;
    }
}

/// Keeps settings that give what the exports say, if none as good are kept. True where the scale is right and the codes
/// are not: another rounding may give them.
bool ExportSearch::consider(SlotIndex index, const SlotSettings &settings)
{
    ResolvedSlot resolved = resolve(index, settings);
    if (resolved.failure || !resolved.slot.quantizer || !resolved.slot.quantizer->isComplete())
        return false;
    const auto open = openAgainst(index, resolved.slot);
    if (!open)
        return resolved.slot.quantizer->scale->values == m_told[index].front().slot->quantizer->scale->values;
    if (!m_found[index] || *open < m_found[index]->open)
        m_found[index] = Found{settings, std::move(resolved), *open};
    return false;
}

ResolvedSlot ExportSearch::resolve(SlotIndex index, const SlotSettings &settings) const
{
    SlotContext context;
    context.quantizerOf = [this](SlotIndex other) -> const SlotQuantizer & {
        return m_found[other] ? m_found[other]->resolved.slot : m_facts.slotOf(other);
    };
    if (const auto owner = m_facts.slots[index].owner; owner && m_found[*owner])
        context.owner = &m_found[*owner]->resolved;
    context.progress = m_progress;
    ResolvedSlot out = resolveSlot(m_facts, index, settings, context);
    if (out.failure && out.failure->reach == SlotFailure::Reach::Cancelled)
        throw CancelledError();
    return out;
}

/// The fields that no export tells; nullopt where one speaks against it.
std::optional<unsigned> ExportSearch::openAgainst(SlotIndex index, const SlotQuantizer &slot) const
{
    unsigned agreed = 0;
    for (const Told &told : m_told[index]) {
        const Confirmation c = compareSlots(m_facts.layerOf(index).name, slot, *told.slot, *told.network, m_progress);
        if (!c.difference.empty())
            return std::nullopt;
        for (const auto &[name, fields] : c.agreed)
            agreed |= fields;
    }
    return AllFields & ~agreed;
}

} // namespace quantscope
