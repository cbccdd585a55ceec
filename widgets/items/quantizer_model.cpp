#include "items/quantizer_model.h"

#include "items/facts.h"
#include "items/text.h"
#include "network/switched_off.h"
#include "network/unconfirmed.h"

using namespace Qt::StringLiterals;

namespace quantscope {

static QString presetText(const QuantizerRow &row)
{
    QString text = row.slot->preset.empty() ? u"–"_s : qs(row.slot->preset);
    for (const auto &[key, value] : row.slot->overrides)
        text += u", "_s + qs(key) + u"="_s + qs(value);
    return text;
}

/// The weakest word among the fields: one assumed field makes the quantizer assumed.
static QString sourceText(const QuantizerRow &row)
{
    const SlotQuantizer &slot = *row.slot;
    if (!slot.quantizer)
        return slot.tensor || isSwitchedOff(slot) ? u"no quantizer"_s : u"unknown"_s;
    if (slot.proof == ProofVerdict::Differs)
        return u"■ proof differs"_s;
    if (slot.proof == ProofVerdict::Confirmed)
        return u"✓ proof"_s;
    if (row.unconfirmed)
        return u"▲ assumed"_s;
    if (slot.assumed)
        return u"✓ confirmed"_s; // by an export
    for (const Origin origin : {Origin::Recipe, Origin::Preset, Origin::Computed, Origin::Read})
        for (const auto &[key, provenance] : slot.quantizer->origin)
            if (provenance.origin == origin)
                return qs(originName(origin));
    return u"unknown"_s;
}

/// Which fields nobody has confirmed, and what each rests on.
static QString sourceTip(const QuantizerRow &row)
{
    if (row.slot->proof == ProofVerdict::Differs)
        return u"contradicted: "_s + shownText(row.slot->proofDifference);
    if (!row.unconfirmed || !row.slot->quantizer)
        return {};
    QStringList lines{u"Nobody has confirmed:"_s};
    for (const auto &[field, provenance] : row.slot->quantizer->origin)
        if (provenance.origin == Origin::Assumed)
            lines << qs(field) + u": "_s + shownText(provenance.detail);
    return lines.join(u'\n');
}

static std::vector<RowColumn<QuantizerRow>> rowColumns()
{
    using Row = QuantizerRow;
    return {{u"Layer"_s, [](const Row &row) { return shownText(row.layer->name); }},
        {u"Slot"_s, [](const Row &row) { return qs(row.slot->slot); }},
        {u"Type"_s, [](const Row &row) { return row.slot->quantizer ? typeText(*row.slot->quantizer) : u"–"_s; }},
        {u"Preset"_s, presetText}, {u"From"_s, sourceText, {}, kLeft, {}, sourceTip}};
}

QuantizerModel::QuantizerModel(QObject *parent)
    : RowModel(rowColumns(), parent)
{
}

void QuantizerModel::setNetwork(std::shared_ptr<const Network> network)
{
    std::vector<QuantizerRow> rows;
    if (network)
        for (const quantscope::Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                rows.push_back({&layer, &slot, isUnconfirmed(*network, slot)});
    setRows(std::move(rows));
    m_network = std::move(network); // the one before is let go when no row speaks of it
}

QVariant QuantizerModel::data(const QModelIndex &index, int role) const
{
    const QVariant own = RowModel::data(index, role);
    if (!m_signs || role != Qt::DisplayRole || index.column() != Preset)
        return own;
    const QString source = RowModel::data(index.siblingAtColumn(Source), role).toString();
    const bool signs = source.startsWith(u'▲') || source.startsWith(u'■');
    return signs ? source.left(2) + own.toString() : own;
}

QVariant QuantizerModel::own(const QuantizerRow &row, int, int role) const
{
    return role == AssumedRole ? QVariant(row.unconfirmed) : QVariant();
}

} // namespace quantscope
