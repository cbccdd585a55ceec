#pragma once

#include "items/compare_column.h"

#include <QAbstractTableModel>

namespace quantscope {

/// The lab's table: figures in rows, candidates in columns, the file's own first.
class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { DifferenceRole = Qt::UserRole, BestRole, WordRole, SubtitleRole, GoodRole };

    using QAbstractTableModel::QAbstractTableModel;
    /// In the order they are offered; the model's own order is kept.
    void setColumns(std::vector<CompareColumn> columns);
    /// The same columns with other figures; false, and nothing is changed, where they are others or their order may be.
    bool updateColumns(const std::vector<CompareColumn> &columns);
    /// Whether there are rows of what candidates do on data; false where nothing changes.
    bool setOnData(bool onData);
    /// Best first by a figure; nullopt: as offered. The file stays first.
    void setOrder(std::optional<CompareFigure> figure, bool reversed = false);
    std::optional<CompareFigure> order() const { return m_order; }
    bool reversed() const { return m_reversed; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    const CompareColumn &column(int column) const { return m_columns[static_cast<std::size_t>(column)]; }
    /// -1 when there is none of that name.
    int columnOf(const std::string &name) const;

private:
    void arrange();
    QString tip(const QModelIndex &index) const;

    std::vector<CompareColumn> m_offered, m_columns;
    std::vector<std::vector<std::size_t>> m_best; ///< by row
    std::optional<CompareFigure> m_order;
    bool m_reversed = false, m_onData = false;
};

} // namespace quantscope
