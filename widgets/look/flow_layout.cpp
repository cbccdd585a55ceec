#include "look/flow_layout.h"

#include <QWidget>

namespace quantscope {

FlowLayout::FlowLayout(QWidget *parent, int spacing, bool stretch) : QLayout(parent), m_stretch(stretch)
{
    setContentsMargins(0, 0, 0, 0);
    setSpacing(spacing);
}

FlowLayout::~FlowLayout() { qDeleteAll(m_items); }

QLayoutItem *FlowLayout::takeAt(int index) { return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr; }

QSize FlowLayout::minimumSize() const
{
    QSize size;
    for (const QLayoutItem *item : m_items)
        if (!item->isEmpty())
            size = size.expandedTo(item->minimumSize());
    const QMargins margins = contentsMargins();
    return size.grownBy(margins);
}

QSize FlowLayout::sizeHint() const
{
    QSize size;
    for (const QLayoutItem *item : m_items) {
        if (item->isEmpty())
            continue;
        size.rwidth() += item->sizeHint().width() + spacing();
        size.setHeight(std::max(size.height(), item->sizeHint().height()));
    }
    return size.grownBy(contentsMargins());
}

void FlowLayout::setGeometry(const QRect &rect)
{
    QLayout::setGeometry(rect);
    place(rect, true);
}

int FlowLayout::place(const QRect &rect, bool apply) const
{
    const QRect area = rect.marginsRemoved(contentsMargins());
    int y = area.top();
    for (qsizetype first = 0; first < m_items.size();) {
        QList<QLayoutItem *> row;
        int width = 0;
        int height = 0;
        for (; first < m_items.size(); ++first) {
            QLayoutItem *item = m_items[first];
            if (item->isEmpty())
                continue;
            const QSize hint = item->sizeHint();
            if (!row.isEmpty() && width + hint.width() > area.width())
                break;
            row.append(item);
            width += hint.width() + spacing();
            height = std::max(height, hint.height());
        }
        if (apply)
            placeRow(row, QRect(area.left(), y, area.width(), height));
        if (!row.isEmpty())
            y += height + spacing();
    }
    return std::max(0, y - spacing() - rect.top()) + contentsMargins().bottom();
}

void FlowLayout::placeRow(const QList<QLayoutItem *> &row, const QRect &line) const
{
    int used = -spacing();
    for (const QLayoutItem *item : row)
        used += item->sizeHint().width() + spacing();
    const int spare = m_stretch && !row.isEmpty() ? std::max(0, line.width() - used) : 0;
    int x = line.left();
    int given = 0;
    for (qsizetype i = 0; i < row.size(); ++i) {
        const int share = static_cast<int>(spare * (i + 1) / std::max<qsizetype>(1, row.size())) - given;
        given += share;
        const int width = std::min(row[i]->sizeHint().width() + share, line.width());
        row[i]->setGeometry(QRect(x, line.top(), width, line.height()));
        x += width + spacing();
    }
}

} // namespace quantscope
