#include "charts/compare_overlay_chart.h"

#include "charts/bit_weight_chart.h"
#include "charts/chart_view.h"
#include "items/text.h"
#include "look/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

CompareOverlayChart::CompareOverlayChart(QWidget *parent)
    : PaintedChart(u"candidates"_s, tr("Two candidates, overlaid"), parent)
{
}

void CompareOverlayChart::setOverlay(Overlay overlay)
{
    m_overlay = std::move(overlay);
    m_message = m_overlay.bars.empty()
        ? (m_overlay.kind == OverlayKind::Error ? tr("Both are exact: there is no error.") : tr("There are no values."))
        : QString();
    m_current = -1;
    update();
}

void CompareOverlayChart::showMessage(const QString &text)
{
    m_overlay = {};
    m_message = text;
    m_current = -1;
    update();
}

QRectF CompareOverlayChart::plot(const QSize &size) const
{
    const QFontMetricsF metrics(Theme::sans(0.85));
    const double left = metrics.horizontalAdvance(u"1,000,000"_s.left(decades() >= 6 ? 9
                                : decades() >= 4                                     ? 7
                                                                                     : 5))
        + 10;
    const double top = metrics.height() * 2 + 8;
    return {left, top, size.width() - left - 4, size.height() - top - metrics.height() - 6};
}

double CompareOverlayChart::decades() const
{
    std::uint64_t most = 1;
    for (const OverlayBar &bar : m_overlay.bars)
        most = std::max({most, bar.first, bar.second});
    return std::max(1.0, std::log10(static_cast<double>(most)));
}

/// A count of one keeps a visible bar.
double CompareOverlayChart::heightOf(std::uint64_t count, const QRectF &plot) const
{
    return count == 0 ? 0 : plot.height() * (std::log10(static_cast<double>(count)) + 0.15) / (decades() + 0.15);
}

void CompareOverlayChart::paintChart(QPainter &painter, const QSize &size) const
{
    const QRectF area = plot(size);
    paintLegend(painter, size);
    paintGrid(painter, area);
    paintBars(painter, area);
}

static void paintSecond(QPainter &painter, const QRectF &rect, bool clipped)
{
    const QColor fill = clipped ? colours().red : colours().barLight;
    painter.setPen(QPen(clipped ? fill.darker(130) : colours().text, 1));
    painter.setBrush(fill);
    painter.drawRect(rect);
    paintHatch(painter, rect, clipped ? fill.darker(150) : colours().text);
}

void CompareOverlayChart::paintLegend(QPainter &painter, const QSize &size) const
{
    const QFontMetricsF metrics(painter.font());
    double x = 0;
    double y = 0;
    const auto entry = [&](const QString &text, int kind) {
        const QString shown = metrics.elidedText(text, Qt::ElideMiddle, size.width() - 20);
        const double width = 16 + metrics.horizontalAdvance(shown) + 12;
        if (x > 0 && x + width > size.width()) {
            x = 0;
            y += metrics.height() + 1;
        }
        const QRectF swatch(x, y + (metrics.height() - 10) / 2, 10, 10);
        if (kind == 0)
            painter.fillRect(swatch, colours().bar);
        else
            paintSecond(painter, swatch, kind == 2);
        painter.setPen(colours().dim);
        painter.drawText(QRectF(x + 15, y, width, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter, shown);
        x += width;
    };
    entry(m_overlay.firstName, 0);
    entry(m_overlay.secondName, 1);
    if (m_overlay.clipped > 0)
        entry(tr("clipped, %1").arg(countText(m_overlay.clipped, tr("weight"))), 2);
    painter.setPen(colours().dim);
    if (x + metrics.horizontalAdvance(tr("log count")) < size.width())
        painter.drawText(QRectF(x, y, 200, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter, tr("log count"));
}

void CompareOverlayChart::paintGrid(QPainter &painter, const QRectF &plot) const
{
    std::uint64_t count = 1;
    for (int decade = 0; decade <= static_cast<int>(decades()); ++decade, count *= 10) {
        const double y = plot.bottom() - heightOf(count, plot);
        painter.setPen(colours().line);
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(colours().dim);
        painter.drawText(QRectF(0, y - 10, plot.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter, groupedText(count));
    }
    painter.setPen(colours().dim);
    painter.drawLine(plot.bottomLeft(), plot.bottomRight());
}

void CompareOverlayChart::paintBars(QPainter &painter, const QRectF &plot) const
{
    const double column = plot.width() / static_cast<double>(m_overlay.bars.size());
    const QFontMetricsF metrics(painter.font());
    double labelled = -1;
    for (std::size_t i = 0; i < m_overlay.bars.size(); ++i) {
        const OverlayBar &bar = m_overlay.bars[i];
        const double x = plot.left() + static_cast<double>(i) * column;
        const double half = column * 0.42;
        const auto rect = [&](double left, std::uint64_t count) {
            const double h = heightOf(count, plot);
            return QRectF(left, plot.bottom() - h, half, h);
        };
        if (bar.first > 0)
            painter.fillRect(rect(x + column * 0.08, bar.first), colours().bar);
        if (bar.second > 0)
            paintSecond(painter, rect(x + column * 0.08 + half, bar.second), false);
        if (bar.clipped > 0)
            paintSecond(painter, rect(x + column * 0.08 + half, bar.clipped), true);
        const double width = metrics.horizontalAdvance(bar.label);
        const double middle = x + column / 2;
        if (middle - width / 2 > labelled + 4 && middle + width / 2 <= plot.right() + 6) {
            painter.setPen(colours().dim);
            painter.drawText(QRectF(middle - width / 2 - 2, plot.bottom() + 2, width + 4, metrics.height()),
                Qt::AlignCenter, bar.label);
            labelled = middle + width / 2;
        }
        if (static_cast<int>(i) == m_current)
            paintCurrentBar(painter, QRectF(x, plot.top(), column, plot.height()));
    }
}

QString CompareOverlayChart::describe(int bar) const
{
    const OverlayBar &shown = m_overlay.bars[static_cast<std::size_t>(bar)];
    QString text = shown.interval
        + u"\n%1: %2\n%3: %4"_s.arg(
            m_overlay.firstName, groupedText(shown.first), m_overlay.secondName, groupedText(shown.second));
    if (shown.clipped > 0)
        text += tr(", %1 of them clipped").arg(groupedText(shown.clipped));
    if (m_overlay.firstExact + m_overlay.secondExact > 0)
        text += tr("\nwithout any error: %1 and %2")
                    .arg(groupedText(m_overlay.firstExact), groupedText(m_overlay.secondExact));
    return text;
}

void CompareOverlayChart::setCurrent(int bar)
{
    if (bar == m_current)
        return;
    m_current = bar;
    update();
    if (bar < 0)
        return QToolTip::hideText();
    setAccessibleDescription(describe(bar));
    const QRectF area = plot(size());
    const double column = area.width() / static_cast<double>(m_overlay.bars.size());
    showChartTip(mapToGlobal(QPointF(area.left() + (bar + 1) * column, area.top()).toPoint()), describe(bar), this);
}

void CompareOverlayChart::mouseMoveEvent(QMouseEvent *event)
{
    const QRectF area = plot(size());
    const bool inside = !m_overlay.bars.empty() && area.contains(event->position());
    const double column = inside ? area.width() / static_cast<double>(m_overlay.bars.size()) : 1;
    setCurrent(inside ? std::min(static_cast<int>((event->position().x() - area.left()) / column),
                   static_cast<int>(m_overlay.bars.size()) - 1)
                      : -1);
}

void CompareOverlayChart::leaveEvent(QEvent *) { setCurrent(-1); }

void CompareOverlayChart::keyPressEvent(QKeyEvent *event)
{
    if (const auto bar = barByKey(event->key()))
        return setCurrent(*bar);
    QWidget::keyPressEvent(event);
}

} // namespace quantscope
