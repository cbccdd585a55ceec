#pragma once

#include "items/slot_ref.h"
#include "report/layer_table.h"

#include <QAbstractTableModel>

namespace quantscope {

/// The layers of a network, one per row; figures that need statistics fill in as they arrive.
class LayerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Kind, Shape, Params, Bits, Scale, IntFrac, Sqnr, Saturated, Problems, NUM_COLUMNS };
    enum Role {
        SortRole = Qt::UserRole, ///< raw numbers; an invalid QVariant sorts last
        WeightRole, ///< bool: the layer has weights (strong), else dim
        SeverityRole, ///< "error", "warning", "note" of the worst problem, or empty
        AssumedRole, ///< bool: a quantizer field is assumed
        MonoRole, ///< bool: set in the monospace font
    };

    using QAbstractTableModel::QAbstractTableModel;

    void setNetwork(std::shared_ptr<const Network> network, const StatisticsMap &statistics = {});
    /// The same network with more problems: rows and selection stay.
    void setDiagnostics(std::shared_ptr<const Network> network, const StatisticsMap &statistics);
    /// Refreshes the row of a layer whose statistics have arrived.
    void updateLayer(const std::string &name, const StatisticsMap &statistics);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    const LayerRow &row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    int rowOf(const QString &name) const;
    QString nameAt(int row) const;

private:
    QVariant text(const LayerRow &row, int column) const;
    QVariant sortKey(const LayerRow &row, int column) const;
    QString toolTip(const LayerRow &row, int column) const;
    QString worstSeverity(const LayerRow &row) const;

    std::shared_ptr<const Network> m_network;
    std::vector<LayerRow> m_rows;
};

} // namespace quantscope
