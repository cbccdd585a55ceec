#pragma once

#include "analysis/statistics.h"
#include "items/slot_ref.h"

#include <QAbstractTableModel>

namespace quantscope {

/// Scale, range, share at the limits and SQNR of each output channel.
class ChannelModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Channel, Scale, FracBits, Low, High, Codes, AtLimit, Sqnr, NUM_COLUMNS };
    enum Role { SortRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setChannels(const SlotRef &slot, std::vector<ChannelStatistics> channels);
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    const std::vector<ChannelStatistics> &channels() const { return m_channels; }
    /// The raw number of a column, for the chart; NaN where it is unknown.
    double number(int row, int column) const;

private:
    float scaleOf(int row) const;

    SlotRef m_slot;
    std::vector<ChannelStatistics> m_channels;
};

} // namespace quantscope
