#pragma once

#include "lab/power_of_two.h"

#include <QAbstractTableModel>

#include <vector>

namespace quantscope {

class PowerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, Rule, Scale, Type, Sqnr, Lost, Mse, Clipped, Zeroed, NUM_COLUMNS };
    enum Role { BestRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setRows(std::vector<PowerRow> rows);
    const std::vector<PowerRow> &rows() const { return m_rows; }
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QString text(const PowerRow &row, int column) const;
    std::vector<PowerRow> m_rows;
};

} // namespace quantscope
