#include "pages/parts/values_view.h"

#include "items/values_model.h"
#include "look/controls.h"
#include "look/theme.h"

#include <QPainter>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

GroupedHeader::GroupedHeader(QWidget *parent)
    : QHeaderView(Qt::Horizontal, parent)
{
    setSectionsClickable(true);
    setHighlightSections(false);
    setSectionResizeMode(QHeaderView::Interactive);
}

const ValuesModel *GroupedHeader::values() const { return qobject_cast<const ValuesModel *>(model()); }

QSize GroupedHeader::sizeHint() const
{
    const int line = QFontMetrics(Theme::sans(0.92)).height() + 8;
    const bool grouped = values() && values()->slice().groupWidth() > 0;
    return {QHeaderView::sizeHint().width(), grouped ? 2 * line : line + 2};
}

QString GroupedHeader::groupTitle(int section) const
{
    const Slice &slice = values()->slice();
    QStringList names;
    for (std::size_t level = 0; level + 1 < slice.columnAxes().size(); ++level)
        names << slice.columnTitle(section, level);
    return names.join(u' ');
}

void GroupedHeader::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    const bool grouped = values() && values()->slice().groupWidth() > 0;
    const QRect lower = grouped ? rect.adjusted(0, rect.height() / 2, 0, 0) : rect;
    painter->save();
    painter->setFont(Theme::sans(0.92));
    painter->fillRect(rect, colours().tint);
    painter->setPen(colours().line);
    painter->drawLine(lower.topRight(), lower.bottomRight());
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    painter->setPen(colours().dim);
    painter->drawText(lower.adjusted(4, 0, -6, 0), Qt::AlignRight | Qt::AlignVCenter,
        model()->headerData(section, Qt::Horizontal).toString());
    painter->restore();
}

/// Groups are painted over the sections: one may be wider than what is visible.
void GroupedHeader::paintEvent(QPaintEvent *event)
{
    QHeaderView::paintEvent(event);
    const std::int64_t width = values() ? values()->slice().groupWidth() : 0;
    if (width <= 0)
        return;
    QPainter painter(viewport());
    painter.setFont(Theme::sans(0.92));
    const int first = std::max(0, visualIndexAt(0));
    const int last = visualIndexAt(viewport()->width() - 1);
    const int end = last < 0 ? count() - 1 : last;
    const int half = height() / 2;
    for (std::int64_t group = first / width; group <= end / width; ++group) {
        const int from = static_cast<int>(group * width);
        const int to = std::min(count() - 1, static_cast<int>((group + 1) * width) - 1);
        const int left = sectionViewportPosition(from);
        const int right = sectionViewportPosition(to) + sectionSize(to);
        painter.fillRect(QRect(left, 0, right - left, half), colours().tint);
        painter.setPen(colours().line);
        painter.drawLine(left, half, right, half);
        painter.setPen(colours().dim);
        painter.drawLine(right - 1, 0, right - 1, height());
        const QRect visible(std::max(0, left), 0, std::min(viewport()->width(), right) - std::max(0, left), half);
        painter.drawText(visible, Qt::AlignCenter, groupTitle(from));
    }
}

void RowHeader::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    painter->save();
    painter->setFont(Theme::sans(0.92));
    painter->fillRect(rect, colours().tint);
    painter->setPen(colours().line);
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    painter->setPen(colours().dim);
    painter->drawText(rect.adjusted(6, 0, -8, 0), Qt::AlignRight | Qt::AlignVCenter,
        model()->headerData(section, Qt::Vertical).toString());
    painter->restore();
}

QColor magnitudeColour(double magnitude)
{
    const QColor from = colours().panel;
    const QColor to = Theme::instance().isDark() ? QColor(0x2f, 0x5d, 0x9c) : QColor(0x8f, 0xb8, 0xf2);
    const auto mix = [magnitude](int a, int b) { return static_cast<int>(a + (b - a) * magnitude); };
    return {mix(from.red(), to.red()), mix(from.green(), to.green()), mix(from.blue(), to.blue())};
}

void ValuesDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QVariant magnitude = index.data(ValuesModel::MagnitudeRole);
    const QRect rect = option.rect;
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    painter->fillRect(rect, magnitude.isValid() ? magnitudeColour(magnitude.toDouble()) : colours().panel);
    if (selected)
        painter->fillRect(rect, QColor(colours().accent.red(), colours().accent.green(), colours().accent.blue(), 70));
    if (index.data(ValuesModel::LimitRole).toBool()) {
        const QPolygon corner({rect.topRight(), rect.topRight() - QPoint(7, 0), rect.topRight() + QPoint(0, 7)});
        painter->setPen(Qt::NoPen);
        painter->setBrush(colours().redText);
        painter->drawPolygon(corner);
    }
    if (index.data(ValuesModel::ChangedRole).toBool()) {
        const QPolygon corner({rect.topLeft(), rect.topLeft() + QPoint(7, 0), rect.topLeft() + QPoint(0, 7)});
        painter->setPen(Qt::NoPen);
        painter->setBrush(colours().accentText);
        painter->drawPolygon(corner);
    }
    if (index.data(ValuesModel::HitRole).toBool()) {
        painter->setPen(QPen(colours().text, 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(rect.adjusted(2, 2, -4, -4));
    }
    painter->setPen(colours().line);
    painter->drawLine(rect.topRight(), rect.bottomRight());
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    const auto *view = qobject_cast<const QAbstractItemView *>(option.widget);
    const bool current
        = view && view->currentIndex() == index; // framed without the focus too: the panel beside shows it
    painter->setFont(Theme::mono(1.0, current));
    painter->setPen(magnitude.isValid() && magnitude.toDouble() == 0 ? colours().dim : colours().text);
    painter->drawText(rect.adjusted(4, 0, -8, 0), Qt::AlignRight | Qt::AlignVCenter, index.data().toString());
    if (current) {
        painter->setPen(QPen(colours().accent, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(rect.adjusted(1, 1, -2, -2));
    }
}

ValuesView::ValuesView(ValuesModel *model, QWidget *parent)
    : QTableView(parent)
    , m_model(model)
{
    setUpTable(this, tr("Values"));
    setHorizontalHeader(new GroupedHeader(this));
    const int rowHeight = verticalHeader()->defaultSectionSize();
    setVerticalHeader(new RowHeader(Qt::Vertical, this));
    verticalHeader()->setMinimumSectionSize(rowHeight);
    verticalHeader()->setDefaultSectionSize(rowHeight);
    setItemDelegate(new ValuesDelegate(this));
    setModel(model);
    setSelectionBehavior(QAbstractItemView::SelectItems);
    verticalHeader()->setHighlightSections(false);
    verticalHeader()->setFont(Theme::sans(0.92));
    verticalHeader()->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    connect(model, &QAbstractItemModel::modelReset, this, &ValuesView::fitColumns);
    fitColumns();
}

/// Of the widest word of a format in a form.
static int widestWord(const WordFormat &format, ValueForm form)
{
    int characters = 12;
    if (format.bits > 0) {
        const int decimal = std::max(4, static_cast<int>(format.bits * 0.302) + 3);
        const int hex = (format.bits + 3) / 4 + 2;
        const int binary = format.bits + 2
            + (format.integerBits ? std::max({0, -*format.integerBits, *format.integerBits - format.bits}) : 0);
        const int widths[] = {decimal, hex, binary, hex + 1 + binary, 12};
        characters = widths[static_cast<int>(form)];
    }
    return characters;
}

void ValuesView::fitColumns()
{
    int characters = widestWord(m_model->format(), m_model->form());
    if (m_model->hasSecond())
        characters += widestWord(m_model->secondFormat(), m_model->form()) + 2;
    const QFontMetrics metrics(Theme::mono(1.0, true));
    int width = metrics.horizontalAdvance(u'0') * characters + 14;
    const int columns = m_model->columnCount();
    if (columns > 0) // at least as wide as the widest title
        width = std::max(width,
            QFontMetrics(Theme::sans(0.92))
                    .horizontalAdvance(m_model->headerData(columns - 1, Qt::Horizontal).toString())
                + 16);
    horizontalHeader()->setDefaultSectionSize(width);
}

} // namespace quantscope
