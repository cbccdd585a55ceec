#include "panels/layer_table.h"

#include "items/layer_model.h"
#include "panels/layer_delegate.h"

#include <QKeyEvent>
#include <QMouseEvent>

namespace quantscope {

LayerTable::LayerTable(LayerProxy &rows, QWidget *parent)
    : QTableView(parent)
    , m_rows(rows)
{
}

void LayerTable::goTo(int row)
{
    if (row >= 0 && row < m_rows.rowCount())
        selectRow(row);
}

/// What is current and goes with the branch is given to the branch.
void LayerTable::fold(int row, bool all)
{
    const bool unfold = all || !m_rows.isUnfolded(row);
    if (!unfold)
        for (int at = currentIndex().isValid() ? currentIndex().row() : -1; at >= 0; at = m_rows.branchOf(at))
            if (at == row)
                selectionModel()->setCurrentIndex(m_rows.index(row, 0), QItemSelectionModel::NoUpdate);
    if (all)
        m_rows.setAllUnfolded(row, true);
    else
        m_rows.setUnfolded(row, unfold);
}

bool LayerTable::foldByKey(int key, int row)
{
    const bool branch = m_rows.isBranch(row), unfolded = m_rows.isUnfolded(row);
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Minus:
        if (unfolded)
            fold(row);
        else if (key == Qt::Key_Left)
            goTo(m_rows.branchOf(row));
        return true;
    case Qt::Key_Right:
    case Qt::Key_Plus:
        if (branch && !unfolded)
            fold(row);
        else if (branch && key == Qt::Key_Right)
            goTo(row + 1);
        return true;
    case Qt::Key_Asterisk:
        if (branch)
            fold(row, true);
        return true;
    default: return false;
    }
}

void LayerTable::keyPressEvent(QKeyEvent *event)
{
    const Qt::KeyboardModifiers others = event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier);
    const bool arrow = event->key() == Qt::Key_Left || event->key() == Qt::Key_Right;
    const bool plain = !others && !(arrow && event->modifiers().testFlag(Qt::ShiftModifier));
    if (plain && m_rows.outline().hasBranches() && currentIndex().isValid()
        && foldByKey(event->key(), currentIndex().row()))
        return event->accept();
    QTableView::keyPressEvent(event);
}

void LayerTable::mousePressEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->pos());
    if (event->button() == Qt::LeftButton && index.isValid() && index.column() == LayerModel::Name
        && m_rows.isBranch(index.row()) && foldMark(visualRect(index), index).contains(event->pos()))
        return fold(index.row());
    QTableView::mousePressEvent(event);
}

void LayerTable::mouseDoubleClickEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->pos());
    if (event->button() == Qt::LeftButton && index.isValid() && m_rows.isBranch(index.row()))
        return fold(index.row());
    QTableView::mouseDoubleClickEvent(event);
}

} // namespace quantscope
