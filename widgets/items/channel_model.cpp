#include "items/channel_model.h"

#include "items/text.h"
#include "quant/fixed_point.h"

#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace quantscope {

void ChannelModel::setChannels(const SlotRef &slot, std::vector<ChannelStatistics> channels)
{
    beginResetModel();
    m_slot = slot;
    m_channels = std::move(channels);
    endResetModel();
}

int ChannelModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_channels.size());
}

int ChannelModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

float ChannelModel::scaleOf(int row) const
{
    const auto &scales = m_slot.slot->quantizer->scale->values;
    return scales.size() == m_channels.size() ? scales[static_cast<std::size_t>(row)] : scales.front();
}

double ChannelModel::number(int row, int column) const
{
    const ChannelStatistics &channel = m_channels[static_cast<std::size_t>(row)];
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    switch (column) {
    case Channel: return row;
    case Scale: return m_slot.slot ? static_cast<double>(scaleOf(row)) : unknown;
    case FracBits: return fractionalBits(scaleOf(row)).value_or(std::numeric_limits<int>::min());
    case Low: return static_cast<double>(channel.low);
    case High: return static_cast<double>(channel.high);
    case Codes: return static_cast<double>(channel.codesMax - channel.codesMin);
    case AtLimit:
        return channel.count == 0 ? 0 : static_cast<double>(channel.atLimit) / static_cast<double>(channel.count);
    default: return channel.error.sqnrDb().value_or(unknown);
    }
}

QVariant ChannelModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    const int row = index.row();
    if (role == SortRole)
        return number(row, index.column());
    if (role != Qt::DisplayRole)
        return {};
    const ChannelStatistics &channel = m_channels[static_cast<std::size_t>(row)];
    switch (index.column()) {
    case Channel: return row;
    case Scale: {
        const auto bits = fractionalBits(scaleOf(row));
        return bits ? powerOfTwoText(-*bits) : floatText(static_cast<double>(scaleOf(row)));
    }
    case FracBits: {
        const auto bits = fractionalBits(scaleOf(row));
        return bits ? QString::number(*bits) : u"–"_s;
    }
    case Low: return numberText(static_cast<double>(channel.low));
    case High: return numberText(static_cast<double>(channel.high));
    case Codes: return QString::number(channel.codesMin) + u" … "_s + QString::number(channel.codesMax);
    case AtLimit:
        return channel.atLimit == 0 ? u"0"_s
                                    : groupedText(channel.atLimit) + u" ("_s + shareText(number(row, AtLimit)) + u")"_s;
    default: return channel.error.sqnrDb() ? QString::number(*channel.error.sqnrDb(), 'f', 1) : u"–"_s;
    }
}

QVariant ChannelModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString kTitles[] = {u"Channel"_s, u"Scale"_s, u"Frac. bits"_s, u"Smallest w"_s, u"Largest w"_s,
        u"Codes"_s, u"At limit"_s, u"SQNR, dB"_s};
    if (orientation != Qt::Horizontal || section < 0 || section >= NUM_COLUMNS)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    return role == Qt::DisplayRole ? QVariant(kTitles[section]) : QVariant();
}

} // namespace quantscope
