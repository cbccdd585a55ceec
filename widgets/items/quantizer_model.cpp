#include "items/quantizer_model.h"

#include "items/facts.h"
#include "items/text.h"

using namespace Qt::StringLiterals;

namespace quantscope {

void QuantizerModel::setNetwork(std::shared_ptr<const Network> network)
{
    beginResetModel();
    m_network = std::move(network);
    m_rows.clear();
    for (std::size_t layer = 0; m_network && layer < m_network->layers.size(); ++layer)
        for (std::size_t slot = 0; slot < m_network->layers[layer].slots.size(); ++slot)
            m_rows.emplace_back(layer, slot);
    endResetModel();
}

int QuantizerModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int QuantizerModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

/// The weakest word among the fields: one assumed field makes the quantizer assumed.
QString QuantizerModel::source(const SlotQuantizer &slot) const
{
    if (!slot.quantizer)
        return slot.tensor ? u"no quantizer"_s : u"unknown"_s;
    if (slot.assumed)
        return u"▲ assumed"_s;
    for (const Origin origin : {Origin::Recipe, Origin::Preset, Origin::Computed, Origin::Read})
        for (const auto &[key, provenance] : slot.quantizer->origin)
            if (provenance.origin == origin)
                return qs(originName(origin));
    return u"unknown"_s;
}

QVariant QuantizerModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const SlotQuantizer &slot = slotAt(index.row());
    if (role == AssumedRole)
        return slot.assumed;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Layer: return qs(layerAt(index.row()).name);
    case Slot: return qs(slot.slot);
    case Type: return slot.quantizer ? typeText(*slot.quantizer) : u"–"_s;
    case Preset: {
        QString text = slot.preset.empty() ? u"–"_s : qs(slot.preset);
        for (const auto &[key, value] : slot.overrides)
            text += u", "_s + qs(key) + u"="_s + qs(value);
        return text;
    }
    default: return source(slot);
    }
}

QVariant QuantizerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString kTitles[] = {u"Layer"_s, u"Slot"_s, u"Type"_s, u"Preset"_s, u"From"_s};
    if (orientation != Qt::Horizontal || section < 0 || section >= NUM_COLUMNS)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    return role == Qt::DisplayRole ? QVariant(kTitles[section]) : QVariant();
}

} // namespace quantscope
