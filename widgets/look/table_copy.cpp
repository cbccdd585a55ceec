#include "look/table_copy.h"

#include "look/powers.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QRegularExpression>
#include <QTableView>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kMostRows = 100'000; // that are copied unasked

QString copiedCell(const QVariant &shown)
{
    // "2,079", "1,204 (3.1 %)" and "−32,768 … 32,767", but no shape such as "64,128 kernels of [64,128]".
    static const QRegularExpression groups(u"(?:^|(?<= … |\\d/))[-−]?\\d{1,3}(,\\d{3})+(?= \\(| …|/|$)"_s),
        minus(u"−(?=\\d|inf)"_s);
    QString text = plainExponents(shown.toString()).replace(u'\t', u' ').replace(u'\n', u' ');
    for (auto match = groups.match(text); match.hasMatch(); match = groups.match(text))
        text.replace(match.capturedStart(), match.capturedLength(), match.captured().remove(u','));
    return text.replace(minus, u"-"_s);
}

static QList<int> shownColumns(const QTableView &table, const QItemSelectionModel &selection)
{
    QList<int> columns;
    const QHeaderView *header = table.horizontalHeader();
    for (int place = 0; place < header->count(); ++place) {
        const int column = header->logicalIndex(place);
        const bool chosen = !selection.hasSelection() || selection.columnIntersectsSelection(column, table.rootIndex());
        if (!table.isColumnHidden(column) && chosen)
            columns << column;
    }
    return columns;
}

/// The first and the last row that is copied.
static std::pair<int, int> chosenRows(const QAbstractItemModel &model, const QItemSelectionModel &selection)
{
    if (!selection.hasSelection()) // a tensor may have millions: those are chosen first
        return {0, std::min(model.rowCount(), kMostRows) - 1};
    std::pair<int, int> rows{model.rowCount(), -1};
    for (const QItemSelectionRange &range : selection.selection())
        rows = {std::min(rows.first, range.top()), std::max(rows.second, range.bottom())};
    return rows;
}

QString tableText(const QTableView &table)
{
    const QAbstractItemModel *model = table.model();
    const QItemSelectionModel *selection = table.selectionModel();
    if (!model || !selection)
        return {};
    const QList<int> columns = shownColumns(table, *selection);
    QStringList header;
    for (const int column : columns)
        header << copiedCell(model->headerData(column, Qt::Horizontal));
    QString text = header.join(u'\t') + u'\n';
    const bool all = !selection->hasSelection();
    const auto [first, last] = chosenRows(*model, *selection);
    for (int row = first; row <= last; ++row) {
        if (!all && !selection->rowIntersectsSelection(row, table.rootIndex()))
            continue;
        QStringList cells;
        for (const int column : columns) {
            const QModelIndex index = model->index(row, column);
            cells << (all || selection->isSelected(index) ? copiedCell(index.data()) : QString());
        }
        text += cells.join(u'\t') + u'\n';
    }
    return text;
}

TableCopy::TableCopy(QTableView *table)
    : QObject(table)
    , m_table(table)
{
    table->installEventFilter(this);
}

bool TableCopy::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::KeyPress || !static_cast<QKeyEvent *>(event)->matches(QKeySequence::Copy))
        return QObject::eventFilter(watched, event);
    QGuiApplication::clipboard()->setText(tableText(*m_table));
    return true;
}

} // namespace quantscope
