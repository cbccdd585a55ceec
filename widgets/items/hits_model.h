#pragma once

#include "items/values_model.h"

namespace quantscope {

/// What was found in a tensor, an element a row: its index, its code as the values beside it are shown, and the file's
/// float. Elements that are not read yet show "…".
class HitsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Index, Shown, Original, ColumnCount };

    explicit HitsModel(ValuesModel &values, QObject *parent = nullptr);
    void setHits(std::vector<std::uint64_t> positions);
    std::uint64_t flatAt(int row) const { return m_positions[static_cast<std::size_t>(row)]; }
    /// The row of an element; -1 where it is no hit.
    int rowOf(std::uint64_t flat) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    ValuesModel &m_values;
    std::vector<std::uint64_t> m_positions;
};

} // namespace quantscope
