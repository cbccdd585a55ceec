#pragma once

#include "network/network.h"

#include <QAbstractTableModel>

namespace quantscope {

/// The problems of a network, worst first; within a severity in the order of the file.
class DiagnosticModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { SeverityColumn, LayerColumn, TextColumn, NUM_COLUMNS };
    enum Role { SeverityRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void setNetwork(const Network *network);
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    const Diagnostic &diagnostic(int row) const { return m_rows[static_cast<std::size_t>(row)].diagnostic; }
    /// The layer or tensor that it is about; empty for the whole file.
    const std::string &subject(int row) const { return m_rows[static_cast<std::size_t>(row)].subject; }
    int count(Severity severity) const;

private:
    struct Row {
        Diagnostic diagnostic;
        std::string subject;
    };
    std::vector<Row> m_rows;
};

} // namespace quantscope
