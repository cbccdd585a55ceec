#include "look/exponent_delegate.h"

#include "look/powers.h"

#include <QApplication>
#include <QPainter>

namespace quantscope {

void ExponentDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QString text = index.data().toString();
    if (!hasExponent(text))
        return QStyledItemDelegate::paint(painter, option, index);
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    const QStyle *style = option.widget ? option.widget->style() : QApplication::style();
    const int margin = style->pixelMetric(QStyle::PM_FocusFrameHMargin, &cell, option.widget) + 1;
    cell.text.clear();
    style->drawControl(QStyle::CE_ItemViewItem, &cell, painter, option.widget);
    painter->save();
    painter->setFont(cell.font);
    painter->setPen(cell.palette.color(QPalette::Text));
    drawExponents(painter, option.rect.adjusted(margin, 0, -margin, 0), static_cast<int>(cell.displayAlignment), text,
        Qt::ElideRight);
    painter->restore();
}

} // namespace quantscope
