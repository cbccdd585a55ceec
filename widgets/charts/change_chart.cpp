#include "charts/change_chart.h"

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

ChangeChart::ChangeChart(QWidget *parent)
    : PaintedChart(u"changes"_s, tr("Change of the codes"), parent)
{
}

void ChangeChart::setBins(std::vector<ChangeBin> bins, std::uint64_t count)
{
    m_bins = std::move(bins);
    m_count = count;
    m_most = 1;
    for (const ChangeBin &bin : m_bins)
        m_most = std::max(m_most, bin.count);
    m_message = tr("No code changed.");
    m_current = -1;
    update();
}

static QString signedText(std::int64_t number)
{
    return (number < 0 ? u"−"_s : u"+"_s) + groupedText(static_cast<std::uint64_t>(number < 0 ? -number : number));
}

/// As the axis goes: "−7 … −4".
static QString changeRange(const ChangeBin &bin)
{
    return bin.from == bin.to ? signedText(bin.from) : signedText(bin.from) + u" … "_s + signedText(bin.to);
}

QString ChangeChart::describe(int bar) const
{
    const ChangeBin &bin = m_bins[static_cast<std::size_t>(bar)];
    const double share = m_count == 0 ? 0 : static_cast<double>(bin.count) / static_cast<double>(m_count);
    return u"%1: %2 of %3 codes (%4)"_s.arg(
        changeRange(bin), groupedText(bin.count), groupedText(m_count), shareText(share));
}

QString ChangeChart::query(int bar) const
{
    const ChangeBin &bin = m_bins[static_cast<std::size_t>(bar)];
    return bin.from == bin.to ? u"change = %1"_s.arg(bin.from)
                              : u"change >= %1 and change <= %2"_s.arg(bin.from).arg(bin.to);
}

QRectF ChangeChart::plot(const QSize &size) const
{
    const QFontMetricsF metrics(Theme::sans(fontFactor()));
    const double left = metrics.horizontalAdvance(groupedText(m_most)) + 10;
    return {left, metrics.height() + 2, size.width() - left - 4, size.height() - 2 * metrics.height() - 10};
}

/// A count of one keeps a visible bar.
double ChangeChart::heightOf(std::uint64_t count, const QRectF &plot) const
{
    const double decades = std::max(1.0, std::log10(static_cast<double>(m_most)));
    return count == 0 ? 0 : plot.height() * (std::log10(static_cast<double>(count)) + 0.15) / (decades + 0.15);
}

void ChangeChart::paintChart(QPainter &painter, const QSize &size) const
{
    const QRectF area = plot(size);
    const QFontMetricsF metrics(painter.font());
    std::uint64_t decade = 1;
    for (; decade <= m_most && decade > 0; decade *= 10) {
        const double y = area.bottom() - heightOf(decade, area);
        painter.setPen(colours().line);
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(colours().dim);
        painter.drawText(
            QRectF(0, y - 10, area.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter, groupedText(decade));
    }
    painter.drawText(QRectF(area.left(), 0, area.width(), metrics.height()), Qt::AlignLeft, tr("log count"));
    painter.drawText(
        QRectF(area.left(), 0, area.width(), metrics.height()), Qt::AlignRight, tr("code in B − code in A"));
    const double column = area.width() / static_cast<double>(m_bins.size());
    double labelled = -1;
    for (std::size_t i = 0; i < m_bins.size(); ++i) {
        const double x = area.left() + static_cast<double>(i) * column, height = heightOf(m_bins[i].count, area);
        const double width = std::min(column * 0.8, 60.0);
        const QRectF bar(x + (column - width) / 2, area.bottom() - height, width, height);
        painter.fillRect(bar, m_bins[i].from < 0 ? colours().barLight : colours().bar);
        if (m_bins[i].from < 0)
            paintHatch(painter, bar, colours().text);
        const QString label = changeRange(m_bins[i]);
        const double half = metrics.horizontalAdvance(label) / 2, middle = x + column / 2;
        painter.setPen(colours().dim);
        if (middle - half > labelled + 4 && middle + half <= area.right() + 6) {
            painter.drawText(
                QRectF(middle - half - 2, area.bottom() + 2, 2 * half + 4, metrics.height()), Qt::AlignCenter, label);
            labelled = middle + half;
        }
        if (static_cast<int>(i) == m_current)
            paintCurrentBar(painter, QRectF(x, area.top(), column, area.height()));
    }
    painter.setPen(colours().dim);
    painter.drawLine(area.bottomLeft(), area.bottomRight());
}

int ChangeChart::barAt(const QPointF &position) const
{
    const QRectF area = plot(size());
    if (m_bins.empty() || !area.adjusted(0, 0, 0, 20).contains(position))
        return -1;
    const double column = area.width() / static_cast<double>(m_bins.size());
    return std::min(static_cast<int>((position.x() - area.left()) / column), barCount() - 1);
}

void ChangeChart::setCurrent(int bar)
{
    if (bar == m_current)
        return;
    m_current = bar;
    update();
    if (bar < 0)
        return QToolTip::hideText();
    setAccessibleDescription(describe(bar));
    const QRectF area = plot(size());
    const double column = area.width() / static_cast<double>(m_bins.size());
    showChartTip(mapToGlobal(QPointF(area.left() + (bar + 1) * column, area.top()).toPoint()), describe(bar), this);
}

void ChangeChart::mouseMoveEvent(QMouseEvent *event) { setCurrent(barAt(event->position())); }

void ChangeChart::mouseReleaseEvent(QMouseEvent *event)
{
    if (const int bar = barAt(event->position()); bar >= 0 && event->button() == Qt::LeftButton)
        Q_EMIT activated(bar);
}

void ChangeChart::leaveEvent(QEvent *) { setCurrent(-1); }

void ChangeChart::keyPressEvent(QKeyEvent *event)
{
    if (const auto bar = barByKey(event->key()))
        return setCurrent(*bar);
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_current >= 0)
        Q_EMIT activated(m_current);
    else
        QWidget::keyPressEvent(event);
}

} // namespace quantscope
