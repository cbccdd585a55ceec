#pragma once

#include "network/network.h"

#include <QAbstractTableModel>

namespace quantscope {

/// Every quantizer of a network: which preset is in force and whether it was assumed.
class QuantizerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, Slot, Type, Preset, Source, NUM_COLUMNS };
    enum Role { AssumedRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setNetwork(std::shared_ptr<const Network> network);
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    const quantscope::Layer &layerAt(int row) const
    {
        return m_network->layers[m_rows[static_cast<std::size_t>(row)].first];
    }
    const SlotQuantizer &slotAt(int row) const
    {
        return layerAt(row).slots[m_rows[static_cast<std::size_t>(row)].second];
    }

private:
    QString source(const SlotQuantizer &slot) const;

    std::shared_ptr<const Network> m_network;
    std::vector<std::pair<std::size_t, std::size_t>> m_rows;
};

} // namespace quantscope
