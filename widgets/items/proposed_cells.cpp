#include "items/proposed_cells.h"

#include "dialects/brevitas/presets.h"
#include "items/text.h"
#include "network/layer_index.h"
#include "report/layer_table.h"

#include <QRegularExpression>

#include <map>
#include <string_view>
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

Proposal Proposal::of(const std::string &layer, Slot slot, const CandidateText &candidate)
{
    return {{layer, slot, candidate.settings.preset, candidate.settings.overrides}, candidate.text};
}

Proposal Proposal::of(const std::string &layer, Slot slot, const FixedType &type)
{
    const std::string name = apFixedName(type);
    return {{layer, slot, name, {}}, name};
}

std::optional<FixedType> Proposal::fixedType() const
{
    static const QRegularExpression fixed(u"^ap_(u?)fixed<(\\d+),(-?\\d+)>$"_s);
    const auto match = fixed.match(qs(candidate));
    if (!match.hasMatch())
        return std::nullopt;
    return FixedType{match.captured(2).toInt(), match.captured(3).toInt(), match.captured(1).isEmpty()};
}

bool Proposal::operator==(const Proposal &other) const
{
    return candidate == other.candidate && choice.layer == other.choice.layer && choice.slot == other.choice.slot
        && choice.preset == other.choice.preset && choice.overrides == other.choice.overrides;
}

namespace {

bool followsItsProduct(const SlotQuantizer &slot)
{
    const Preset *preset = findPreset(slot.preset);
    return slot.slot == Slot::Bias && preset != nullptr && preset->source == ScaleSource::WeightTimesInput;
}

/// "6", "u8"; "–" where it has no quantizer.
QString bitsText(const SlotQuantizer &slot)
{
    const auto &quantizer = slot.quantizer;
    const auto bits = quantizer ? (quantizer->bitWidth ? quantizer->bitWidth : quantizer->storageBits) : std::nullopt;
    return bits ? (quantizer->isSigned.value_or(true) ? QString() : u"u"_s) + QString::number(*bits) : u"–"_s;
}

QString scaleOf(const SlotQuantizer &slot)
{
    return slot.quantizer && slot.quantizer->scale ? withPowers(qs(scaleText(*slot.quantizer->scale))) : u"–"_s;
}

QString decibelsOf(const Inspection &inspection, const SlotId &id)
{
    const SlotStatistics *known = inspection.of(id);
    return known && known->hasFloats ? decibelText(known->error.sqnrDb()) : u"–"_s;
}

using ProposalIndex = std::map<std::pair<std::string_view, Slot>, const Proposal *>;

ProposalIndex indexed(const std::vector<Proposal> &proposals)
{
    ProposalIndex index;
    for (const Proposal &proposal : proposals)
        index.emplace(std::pair(std::string_view(proposal.choice.layer), proposal.choice.slot), &proposal);
    return index;
}

/// "weight: ap_fixed<6,-1>, 6 bits, scale 2⁻⁷, 28.8 dB; the file has 6 bits, scale 2⁻⁶, 26.8 dB".
QString changeText(const Inspection &inForce, const Inspection &proposed, const SlotId &id, const Proposal *proposal,
    const Layer *before)
{
    const SlotQuantizer &now = *proposed.network->slot(id);
    const SlotQuantizer *had = before ? before->slot(id.slot) : nullptr;
    const auto facts = [](const Inspection &inspection, const SlotQuantizer &slot, const SlotId &of) {
        return u"%1 bits, scale %2, %3"_s.arg(bitsText(slot), scaleOf(slot), decibelsOf(inspection, of));
    };
    QString text = qs(id.slot) + u": "_s + (proposal ? qs(proposal->candidate) : u"follows"_s) + u", "_s
        + facts(proposed, now, id);
    if (had)
        text += u"; the file has "_s + facts(inForce, *had, {before->id, id.slot});
    const QString lost = had ? lostBiasText(*had, now) : QString();
    return lost.isEmpty() ? text : text + u"\n▲ "_s + lost;
}

} // namespace

QString lostBiasText(const SlotQuantizer &inForce, const SlotQuantizer &chosen)
{
    return followsItsProduct(inForce) && chosen.quantizer && !followsItsProduct(chosen)
        ? u"a bias with a scale of its own: it no longer equals input times weight scale, so that its codes cannot be "
          "added to the layer’s sums"_s
        : QString();
}

std::map<std::string, GivenCell> proposedCells(const Inspection &inForce, const Inspection *proposed,
    const std::vector<SlotId> &changed, const std::vector<Proposal> &proposals)
{
    std::map<std::string, GivenCell> cells;
    if (!proposed) {
        for (const Proposal &proposal : proposals) {
            GivenCell &cell = cells[proposal.choice.layer];
            cell.text = u"…"_s;
            cell.tip += (cell.tip.isEmpty() ? QString() : u"\n"_s) + qs(proposal.choice.slot) + u": "_s
                + qs(proposal.candidate) + u", being computed"_s;
        }
        return cells;
    }
    const ProposalIndex index = indexed(proposals);
    const LayerIndex before(*inForce.network);
    for (const SlotId &id : changed) {
        const SlotQuantizer &slot = *proposed->network->slot(id);
        const std::string &layer = proposed->network->layer(id.layer).name;
        const auto own = index.find(std::pair(std::string_view(layer), id.slot));
        const Proposal *proposal = own == index.end() ? nullptr : own->second;
        GivenCell &cell = cells[layer];
        if (cell.text.isEmpty()) {
            cell.text = (id.slot == Slot::Weight ? QString() : qs(id.slot) + u' ') + bitsText(slot) + u" · "_s
                + scaleOf(slot);
            if (slot.quantizer && slot.quantizer->bitWidth)
                cell.value = static_cast<double>(*slot.quantizer->bitWidth);
        }
        cell.tip += (cell.tip.isEmpty() ? QString() : u"\n"_s)
            + changeText(inForce, *proposed, id, proposal, before.find(layer));
    }
    for (const Proposal &proposal : proposals)
        if (GivenCell &cell = cells[proposal.choice.layer]; cell.text.isEmpty()) {
            cell.text = u"="_s;
            cell.tip = qs(proposal.choice.slot) + u": "_s + qs(proposal.candidate)
                + u" gives the scale and the codes that the file has"_s;
        }
    return cells;
}

} // namespace quantscope
