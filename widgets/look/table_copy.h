#pragma once

#include <QObject>
#include <QString>

class QTableView;

namespace quantscope {

/// The selected cells that are visible, with the header above, as tab-separated text for another program: numbers
/// without grouping, exponents as 2^-6. Everything where nothing is selected.
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
