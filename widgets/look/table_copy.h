#pragma once

#include <QObject>
#include <QString>
#include <QVariant>

class QTableView;

namespace quantscope {

/// What a table shows in a cell, for another program: numbers without grouping and with a hyphen, exponents as 2^-6.
QString copiedCell(const QVariant &shown);

/// The selected cells that are visible, with the header above, as tab-separated text. Everything where nothing
/// is selected.
QString tableText(const QTableView &table);

/// Ctrl+C in a table copies tableText().
class TableCopy : public QObject {
public:
    explicit TableCopy(QTableView *table);
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QTableView *m_table;
};

} // namespace quantscope
