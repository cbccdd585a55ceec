#pragma once

#include <QAbstractTableModel>
#include <QString>

#include <functional>
#include <utility>
#include <vector>

namespace quantscope {

/// The value behind a cell: what sorts and filters read. Invalid where it is unknown.
inline constexpr int kValueRole = Qt::UserRole;
/// The first role that a model may give a meaning of its own.
inline constexpr int kOwnRole = Qt::UserRole + 1;

inline constexpr Qt::Alignment kLeft = Qt::AlignLeft | Qt::AlignVCenter;
inline constexpr Qt::Alignment kRight = Qt::AlignRight | Qt::AlignVCenter;

/// One column of a table of rows.
template <class Row> struct RowColumn {
    using Text = std::function<QString(const Row &)>;
    using Value = std::function<QVariant(const Row &)>;
    RowColumn(QString columnTitle, Text cellText, Value cellValue = nullptr, Qt::Alignment cellAlignment = kLeft,
        QString tipOfHeader = {}, Text tipOfCell = nullptr)
        : title(std::move(columnTitle))
        , text(std::move(cellText))
        , value(std::move(cellValue))
        , alignment(cellAlignment)
        , headerTip(std::move(tipOfHeader))
        , tip(std::move(tipOfCell))
    {
    }

    QString title;
    Text text;
    Value value; ///< without one the text is the value
    Qt::Alignment alignment;
    QString headerTip;
    Text tip;
};

/// A table of values: rows carry numbers, columns say how they read and what they sort by.
template <class Row> class RowModel : public QAbstractTableModel {
public:
    explicit RowModel(std::vector<RowColumn<Row>> columns, QObject *parent = nullptr)
        : QAbstractTableModel(parent)
        , m_columns(std::move(columns))
    {
    }

    void setRows(std::vector<Row> rows)
    {
        beginResetModel();
        m_rows = std::move(rows);
        endResetModel();
    }
    const std::vector<Row> &rows() const { return m_rows; }
    const Row &row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }

    int rowCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
    }
    int columnCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
    }

    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid))
            return {};
        const Row &row = m_rows[static_cast<std::size_t>(index.row())];
        const RowColumn<Row> &column = m_columns[static_cast<std::size_t>(index.column())];
        switch (role) {
        case Qt::DisplayRole: return column.text(row);
        case Qt::TextAlignmentRole: return QVariant(column.alignment);
        case kValueRole: return column.value ? column.value(row) : QVariant(column.text(row));
        case Qt::ToolTipRole:
            if (column.tip)
                return column.tip(row);
            [[fallthrough]];
        default: return own(row, index.column(), role);
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override
    {
        if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
            return {};
        const RowColumn<Row> &column = m_columns[static_cast<std::size_t>(section)];
        switch (role) {
        case Qt::DisplayRole: return column.title;
        case Qt::TextAlignmentRole: return QVariant(column.alignment);
        case Qt::ToolTipRole: return column.headerTip.isEmpty() ? QVariant() : QVariant(column.headerTip);
        default: return {};
        }
    }

protected:
    /// Roles of the model itself.
    virtual QVariant own(const Row &row, int column, int role) const
    {
        Q_UNUSED(row);
        Q_UNUSED(column);
        Q_UNUSED(role);
        return {};
    }
    /// One row has other values from a column on; rows and selection stay.
    void replaceRow(std::size_t at, Row row, int firstColumn)
    {
        m_rows[at] = std::move(row);
        Q_EMIT dataChanged(index(static_cast<int>(at), firstColumn), index(static_cast<int>(at), columnCount() - 1));
    }

    /// Rows change in place, in some columns.
    template <class Change> void changeRows(Change change, int firstColumn, int lastColumn)
    {
        for (Row &row : m_rows)
            change(row);
        if (!m_rows.empty())
            Q_EMIT dataChanged(index(0, firstColumn), index(rowCount() - 1, lastColumn));
    }
    /// All rows have other values; there are as many as before.
    void replaceRows(std::vector<Row> rows)
    {
        m_rows = std::move(rows);
        if (!m_rows.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }

private:
    std::vector<RowColumn<Row>> m_columns;
    std::vector<Row> m_rows;
};

} // namespace quantscope
