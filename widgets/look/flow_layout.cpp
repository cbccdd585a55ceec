#include "look/flow_layout.h"

#include <QBoxLayout>
#include <QWidget>

#include <algorithm>

namespace quantscope {

FlowLayout::FlowLayout(QWidget *parent, int spacing, bool stretch)
    : QLayout(parent)
    , m_stretch(stretch)
{
    setContentsMargins(0, 0, 0, 0);
    setSpacing(spacing);
}

FlowLayout::~FlowLayout() { qDeleteAll(m_items); }

QLayoutItem *FlowLayout::takeAt(int index)
{
    return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr;
}

QSize FlowLayout::minimumSize() const
{
    QSize size;
    for (const QLayoutItem *item : m_items)
        if (!item->isEmpty())
            size = size.expandedTo(item->minimumSize());
    const QMargins margins = contentsMargins();
    return size.grownBy(margins);
}

void FlowLayout::addStretch()
{
    auto *spring = new QWidget(parentWidget());
    spring->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
    addWidget(spring);
}

static bool expands(const QLayoutItem *item) { return item->expandingDirections().testFlag(Qt::Horizontal); }

static int widthOf(const QLayoutItem *item) { return (expands(item) ? item->minimumSize() : item->sizeHint()).width(); }

/// An item with what is dear to ask of it.
struct FlowLayout::Cell {
    QLayoutItem *item;
    bool expands;
    int width;
};

static int heightOf(const QLayoutItem *item, int width)
{
    return item->hasHeightForWidth() ? item->heightForWidth(width) : item->sizeHint().height();
}

QSize FlowLayout::sizeHint() const
{
    QSize size;
    for (const QLayoutItem *item : m_items) {
        if (item->isEmpty())
            continue;
        size.rwidth() += widthOf(item) + spacing();
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
        QList<Cell> row;
        int width = 0;
        for (; first < m_items.size(); ++first) {
            QLayoutItem *item = m_items[first];
            if (item->isEmpty())
                continue;
            const Cell cell{item, expands(item), widthOf(item)};
            if (!row.isEmpty() && width + cell.width > area.width())
                break;
            row.append(cell);
            width += cell.width + spacing();
        }
        if (!row.isEmpty())
            y += placeRow(row, QRect(area.left(), y, area.width(), 0), apply) + spacing();
    }
    return std::max(0, y - spacing() - rect.top()) + contentsMargins().bottom();
}

/// Returns the height that the row takes.
int FlowLayout::placeRow(const QList<Cell> &row, const QRect &line, bool apply) const
{
    int used = -spacing();
    for (const Cell &cell : row)
        used += cell.width + spacing();
    const auto springs = std::count_if(row.begin(), row.end(), [](const Cell &cell) { return cell.expands; });
    const auto takers = springs > 0 ? springs : m_stretch ? row.size() : 0;
    const int spare = takers > 0 ? std::max(0, line.width() - used) : 0;
    QList<int> widths;
    int height = 0;
    int given = 0;
    qsizetype taken = 0;
    for (const Cell &cell : row) {
        const bool takes = springs == 0 || cell.expands;
        const int share = takes && takers > 0 ? static_cast<int>(spare * ++taken / takers) - given : 0;
        given += share;
        widths << std::min(cell.width + share, line.width());
        height = std::max(height, heightOf(cell.item, widths.back()));
    }
    for (qsizetype i = 0, x = line.left(); apply && i < row.size(); x += widths[i++] + spacing())
        row[i].item->setGeometry(QRect(static_cast<int>(x), line.top(), widths[i], height));
    return height;
}

QWidget *inOneRow(const QList<QWidget *> &widgets)
{
    auto *group = new QWidget;
    auto *row = new QHBoxLayout(group);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    for (QWidget *widget : widgets)
        row->addWidget(widget);
    return group;
}

} // namespace quantscope
