#include "look/names.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace quantscope {

static constexpr QChar kCut = u'…';
static constexpr qsizetype kHead = 3; ///< letters that still tell a part from others

static bool isSeparator(QChar c) { return c == u'.' || c == u'/' || c == u':'; }

QString elidedName(const QFontMetrics &metrics, const QString &name, int width)
{
    const auto fits = [&](const QString &text) { return metrics.horizontalAdvance(text) <= width; };
    if (fits(name))
        return name;
    qsizetype last = 0;
    const qsizetype end = std::find_if(name.rbegin(), name.rend(), isSeparator).base() - name.begin() - 1;
    for (qsizetype at = 0; at + 1 < name.size(); ++at) {
        if (!isSeparator(name[at]))
            continue;
        qsizetype number = at; // the number of what gives way tells it from its neighbours
        while (number > last && name[number - 1].isDigit())
            --number;
        for (qsizetype head = at - last - 1; at == end && number == at && head >= kHead; --head)
            if (const QString text
                = (last > 0 ? QString(kCut) : QString()) + name.mid(last, head) + kCut + name.mid(at);
                fits(text))
                return text;
        for (const qsizetype from : {number, at + 1})
            if (from != at && fits(kCut + name.mid(from)))
                return kCut + name.mid(from);
        last = at + 1;
    }
    return metrics.elidedText((last > 0 ? QString(kCut) : QString()) + name.mid(last), Qt::ElideMiddle, width);
}

NameLabel::NameLabel(QWidget *parent)
    : ElidedLabel(Qt::ElideMiddle, parent)
{
}

void NameLabel::setName(const QString &name, const QString &before)
{
    m_before = before;
    setFullText(before + name);
}

void NameLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    painter.setFont(font());
    const int room = width() - fontMetrics().horizontalAdvance(m_before);
    painter.drawText(rect(), static_cast<int>(alignment() | Qt::AlignVCenter),
        m_before + elidedName(fontMetrics(), text().mid(m_before.size()), room));
}

void NameDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    const QStyle *style = option.widget ? option.widget->style() : QApplication::style();
    const int room = style->subElementRect(QStyle::SE_ItemViewItemText, &cell, option.widget).width() - 6;
    cell.text = elidedName(QFontMetrics(cell.font), index.data().toString(), room);
    cell.textElideMode = Qt::ElideNone;
    style->drawControl(QStyle::CE_ItemViewItem, &cell, painter, option.widget);
}

bool NameDelegate::helpEvent(
    QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option, const QModelIndex &index)
{
    if (event->type() != QEvent::ToolTip || index.data(Qt::ToolTipRole).isValid())
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    QToolTip::showText(event->globalPos(), plainTip(index.data().toString()), view, view->visualRect(index));
    return true;
}

} // namespace quantscope
