#include "diff/diff.h"

#include "base/parallel.h"
#include "diff/code_changes.h"
#include "diff/diff_findings.h"
#include "diff/field_changes.h"
#include "diff/paired_slot.h"
#include "network/switched_off.h"
#include "network/unconfirmed.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string quantizerWord(const SlotQuantizer &slot, const Network &network, const SlotId &id)
{
    if (slot.quantizer)
        return std::string(quantizerKindName(slot.quantizer->kind));
    return problemOf(network, id) != nullptr && !isSwitchedOff(slot) ? "not known" : "none";
}

/// One slot that both models have.
class SlotComparison {
public:
    SlotComparison(const Network &a, const Network &b, SlotDifference &out)
        : m_a(*a.slot({*out.a, out.slot}))
        , m_b(*b.slot({*out.b, out.slot}))
        , m_out(out)
    {
        m_words = {quantizerWord(m_a, a, {*out.a, out.slot}), quantizerWord(m_b, b, {*out.b, out.slot})};
    }

    void run(SharedProgress &progress)
    {
        const auto aligned = pairedSlot(m_a, m_b);
        const SlotQuantizer &other = aligned ? *aligned : m_b;
        compareFields(other);
        if (!aligned)
            m_out.fields.push_back(fmt::format("shape: {} -> {}", shapeWord(m_a.shape), shapeWord(m_b.shape)));
        else if (m_a.tensor && m_b.tensor)
            compareElements(other, progress);
        else if (m_a.tensor || m_b.tensor)
            m_out.fields.push_back(fmt::format("tensor: {} -> {}", m_a.tensor ? shapeWord(m_a.shape) : "none",
                m_b.tensor ? shapeWord(m_b.shape) : "none"));
        m_out.state = m_out.fields.empty() ? SlotState::Same : SlotState::Changed;
    }

private:
    static std::string shapeWord(const Shape &shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

    void compareFields(const SlotQuantizer &other)
    {
        if (m_a.quantizer && other.quantizer) {
            FieldChanges changes = fieldChanges(*m_a.quantizer, *other.quantizer);
            m_out.fields = std::move(changes.changed);
            m_out.notCompared = std::move(changes.unknown);
        } else if (m_words.first != m_words.second) {
            m_out.fields.push_back(fmt::format("kind: {} -> {}", m_words.first, m_words.second));
        } else if (m_words.first == "not known") {
            m_out.notCompared.emplace_back("quantizer");
        }
    }

    void compareElements(const SlotQuantizer &other, SharedProgress &progress)
    {
        m_out.count = m_a.tensor->count();
        const auto notCompared = [&](const std::string &why) { m_out.fields.push_back("codes: not compared: " + why); };
        if (!m_a.tensor->readable() || !other.tensor->readable())
            return notCompared(m_a.tensor->readable() ? other.tensor->problem : m_a.tensor->problem);
        try {
            take(codeChangesOf(m_a, other, progress));
        } catch (const ParseError &error) {
            notCompared(error.what());
        }
    }

    void take(const CodeChanges &changes)
    {
        if (changes.stored)
            m_out.storedEqual = *changes.stored == 0;
        if (changes.codes) {
            m_out.codesChanged = changes.codes->changed();
            m_out.signFlips = changes.codes->signFlips();
            m_out.largestChange = changes.codes->largest();
            m_out.firstIndex = changes.codes->first();
            m_out.histogram = changes.codes->histogram();
            if (*m_out.codesChanged > 0)
                m_out.fields.push_back(
                    fmt::format("codes: {} of {}, first [{}]", *m_out.codesChanged, changes.count, *m_out.firstIndex));
        } else if (changes.stored && *changes.stored > 0) {
            m_out.fields.push_back(
                fmt::format("values: {} of {}, first [{}]", *changes.stored, changes.count, *changes.firstStored));
        } else if (!changes.stored && changes.count > 0) {
            m_out.fields.emplace_back("codes: not compared: one of the files holds codes, the other none");
        }
    }

    const SlotQuantizer &m_a, &m_b;
    SlotDifference &m_out;
    std::pair<std::string, std::string> m_words;
};

bool isShown(const SlotQuantizer &slot) { return slot.quantizer || slot.tensor || !isSwitchedOff(slot); }

/// The slots of both, paired by the names of their layers.
std::vector<SlotDifference> pairedSlots(const Network &a, const Network &b, const std::map<LayerId, std::string> &names)
{
    std::map<std::string_view, const Layer *> others;
    for (const Layer &layer : b.layers)
        others.emplace(layer.name, &layer);
    std::set<SlotId> taken;
    std::vector<SlotDifference> out;
    for (const Layer &layer : a.layers) {
        const auto found = others.find(names.at(layer.id));
        const Layer *other = found == others.end() ? nullptr : found->second;
        for (const SlotQuantizer &slot : layer.slots) {
            const SlotQuantizer *theirs = other != nullptr ? other->slot(slot.slot) : nullptr;
            const bool inBoth = theirs != nullptr && taken.insert({other->id, slot.slot}).second;
            if (!isShown(slot) && (!inBoth || !isShown(*theirs)))
                continue;
            SlotDifference &pair = out.emplace_back();
            pair.a = layer.id;
            pair.slot = slot.slot;
            pair.state = inBoth ? SlotState::Same : SlotState::OnlyA;
            if (inBoth)
                pair.b = other->id;
        }
    }
    for (const Layer &layer : b.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (isShown(slot) && !taken.contains({layer.id, slot.slot})) {
                SlotDifference &pair = out.emplace_back();
                pair.b = layer.id;
                pair.slot = slot.slot;
                pair.state = SlotState::OnlyB;
            }
    return out;
}

std::uint64_t elementsOf(const Network &network, const std::vector<SlotDifference> &slots)
{
    std::uint64_t out = 0;
    for (const SlotDifference &slot : slots) {
        const SlotQuantizer *known = slot.a && slot.b ? network.slot({*slot.a, slot.slot}) : nullptr;
        out += known != nullptr && known->tensor ? known->tensor->count() : 0;
    }
    return out;
}

} // namespace

std::string_view slotStateName(SlotState state)
{
    switch (state) {
    case SlotState::Same: return "same";
    case SlotState::Changed: return "changed";
    case SlotState::OnlyA: return "only_a";
    case SlotState::OnlyB: return "only_b";
    }
    return "";
}

std::uint64_t ModelDiff::count(SlotState state) const
{
    return static_cast<std::uint64_t>(std::ranges::count(slots, state, &SlotDifference::state));
}

Result<ModelDiff> diffOf(
    const Network &a, const Network &b, const std::vector<Rename> &renames, const Progress &progress)
{
    const auto names = namesInOther(a, renames);
    if (!names)
        return tl::unexpected(names.error());
    ModelDiff out;
    out.slots = pairedSlots(a, b, *names);
    SharedProgress done(progress, elementsOf(a, out.slots));
    try {
        parallelFor(out.slots.size(), [&](std::size_t i) {
            if (out.slots[i].a && out.slots[i].b)
                SlotComparison(a, b, out.slots[i]).run(done);
        });
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, a.file->path, std::nullopt, "was cancelled"});
    }
    for (SlotDifference &slot : out.slots) {
        slot.assumedA = slot.a && isUnconfirmed(a, *a.slot({*slot.a, slot.slot}));
        slot.assumedB = slot.b && isUnconfirmed(b, *b.slot({*slot.b, slot.slot}));
    }
    out.findings = diffFindings(a, b, out);
    return out;
}

} // namespace quantscope
