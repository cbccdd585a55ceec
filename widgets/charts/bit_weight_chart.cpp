#include "charts/bit_weight_chart.h"

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

BitWeightChart::BitWeightChart(QWidget *parent)
    : PaintedChart(u"bit-weights"_s, tr("Bit weight histogram"), parent)
{
}

void BitWeightChart::setData(
    const BitWeightHistogram *histogram, const std::optional<BitWindow> &window, const QString &message)
{
    m_histogram = histogram ? std::optional(*histogram) : std::nullopt;
    m_window = m_ownWindow = window;
    m_trying = false;
    m_grip = Grip::None;
    m_message = message;
    m_current = -1;
    rebuild();
}

void BitWeightChart::rebuild()
{
    m_bars = m_histogram ? bitBars(*m_histogram, m_window, m_ownWindow) : std::vector<BitBar>{};
    m_total = m_histogram ? m_histogram->total() : 0;
    update();
}

void BitWeightChart::setWordLength(int bits)
{
    if (!m_window || !m_window->word || bits < 1 || bits > 64)
        return;
    FixedType type = *m_window->word;
    type.width = bits;
    tryType(type);
}

void BitWeightChart::setIntegerBits(int bits)
{
    if (!m_window || !m_window->word)
        return;
    FixedType type = *m_window->word;
    type.integerBits = bits;
    tryType(type);
}

BitWeightChart::Geometry BitWeightChart::geometry(const QSize &size) const
{
    const QFontMetrics metrics(Theme::sans(0.92));
    const double below = metrics.height() * 2.0 + 30;
    const double left = metrics.horizontalAdvance(u"100%"_s) + 16;
    Geometry g;
    g.plot
        = QRectF(left, metrics.height() + 10, size.width() - left - 8, size.height() - below - metrics.height() - 10);
    g.high = m_bars.empty() ? 0 : m_bars.front().exponent;
    g.column = m_bars.empty() ? 0 : g.plot.width() / static_cast<double>(m_bars.size());
    return g;
}

/// Steps that make up to five grid lines, fewer in a low chart.
double BitWeightChart::percentStep(double plotHeight) const
{
    std::uint64_t most = 1;
    for (const BitBar &bar : m_bars)
        most = std::max(most, bar.count());
    const double top = 100.0 * static_cast<double>(most) / static_cast<double>(std::max<std::uint64_t>(1, m_total));
    for (const double step : {0.5, 1.0, 2.0, 4.0, 5.0, 8.0, 10.0, 20.0, 25.0})
        if (top / step <= std::clamp(plotHeight / 34, 1.5, 4.6))
            return step;
    return 50;
}

double BitWeightChart::axisTop() const
{
    std::uint64_t most = 1;
    for (const BitBar &bar : m_bars)
        most = std::max(most, bar.count());
    return 100.0 * static_cast<double>(most) / static_cast<double>(std::max<std::uint64_t>(1, m_total)) * 1.1;
}

void BitWeightChart::paintChart(QPainter &painter, const QSize &size) const
{
    const Geometry g = geometry(size);
    paintWindow(painter, g);
    paintGrid(painter, g);
    paintBars(painter, g);
    paintLabels(painter, g);
    paintWord(painter, g);
    paintBinaryPoint(painter, g);
    paintSignTick(painter, g);
    paintHandles(painter, g);
}

void BitWeightChart::paintGrid(QPainter &painter, const Geometry &g) const
{
    const double step = percentStep(g.plot.height());
    const double top = axisTop();
    for (double percent = step; percent <= top; percent += step) {
        const double y = g.plot.bottom() - g.plot.height() * percent / top;
        painter.setPen(QPen(colours().line, 1));
        painter.drawLine(QPointF(g.plot.left(), y), QPointF(g.plot.right(), y));
        painter.setPen(colours().dim);
        painter.drawText(QRectF(0, y - 10, g.plot.left() - 8, 20), Qt::AlignRight | Qt::AlignVCenter,
            QString::number(percent) + u"%"_s);
    }
    painter.setPen(QPen(colours().dim, 1));
    painter.drawLine(g.plot.bottomLeft(), g.plot.bottomRight());
}

void BitWeightChart::paintWindow(QPainter &painter, const Geometry &g) const
{
    if (!m_window)
        return;
    const double top = m_window->word ? m_window->word->integerBits : m_window->top;
    const double left = std::max(g.plot.left(), g.xAt(top));
    const double right = std::min(g.plot.right(), g.xAt(m_window->bottom));
    if (right <= left)
        return;
    painter.fillRect(QRectF(left, g.plot.top(), right - left, g.plot.height()), colours().soft);
    if (m_window->word)
        return;
    painter.setPen(QPen(colours().accent, 1.5));
    painter.drawLine(QPointF(left, g.plot.top()), QPointF(left, g.plot.bottom()));
    painter.drawLine(QPointF(right, g.plot.top()), QPointF(right, g.plot.bottom()));
}

void paintHatch(QPainter &painter, const QRectF &rect, const QColor &colour)
{
    painter.save();
    painter.setPen(QPen(colour, 1));
    constexpr double gap = 6;
    for (double start = rect.left() - rect.height(); start < rect.right(); start += gap) {
        // From (start, bottom) up to the right at 45 degrees, cut to the rectangle.
        const double from = std::max(start, rect.left());
        const double to = std::min(start + rect.height(), rect.right());
        if (to > from)
            painter.drawLine(QPointF(from, rect.bottom() - (from - start)), QPointF(to, rect.bottom() - (to - start)));
    }
    painter.restore();
}

void BitWeightChart::paintBar(QPainter &painter, const QRectF &rect, BitVerdict verdict) const
{
    const Colours &c = colours();
    const QColor fill = verdict == BitVerdict::Overflow ? c.red
        : verdict == BitVerdict::Underflow              ? c.amber
        : verdict == BitVerdict::RoundsToLsb            ? c.barLight
        : verdict == BitVerdict::Unknown                ? c.dim
                                                        : c.bar;
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawRoundedRect(rect, 2, 2);
    if (verdict == BitVerdict::Overflow || verdict == BitVerdict::Underflow)
        paintHatch(painter, rect, fill.darker(140));
}

void BitWeightChart::paintBars(QPainter &painter, const Geometry &g) const
{
    const double top = axisTop();
    const QFontMetricsF metrics(painter.font());
    for (std::size_t i = 0; i < m_bars.size(); ++i) {
        const BitBar &bar = m_bars[i];
        const double percent
            = 100.0 * static_cast<double>(bar.count()) / static_cast<double>(std::max<std::uint64_t>(1, m_total));
        const double height = bar.count() == 0 ? 0 : std::max(1.5, g.plot.height() * percent / top);
        const double gap = std::min(6.0, g.column * 0.12);
        const QRectF rect(g.plot.left() + static_cast<double>(i) * g.column + gap, g.plot.bottom() - height,
            g.column - 2 * gap, height);
        if (height > 0)
            paintBar(painter, rect, bar.verdict);
        const QString count = groupedText(bar.count());
        if (bar.count() > 0 && metrics.horizontalAdvance(count) <= g.column + 4) {
            painter.setPen(colours().dim);
            painter.drawText(
                QRectF(rect.left() - 20, rect.top() - metrics.height() - 1, rect.width() + 40, metrics.height()),
                Qt::AlignCenter, count);
        }
        if (static_cast<int>(i) == m_current)
            paintCurrent(painter, QRectF(rect.left() - 2, g.plot.top(), rect.width() + 4, g.plot.height()));
    }
}

void BitWeightChart::paintLabels(QPainter &painter, const Geometry &g) const
{
    const QFontMetricsF metrics(painter.font());
    const double widest = metrics.horizontalAdvance(powerOfTwoText(m_bars.back().exponent)) + 6;
    const int every = std::max(1, static_cast<int>(std::ceil(widest / g.column)));
    for (std::size_t i = 0; i < m_bars.size(); ++i) {
        const BitBar &bar = m_bars[i];
        if (bar.exponent % every != 0 && !bar.tail)
            continue;
        const bool inWord = m_window && m_window->word && bar.exponent < m_window->word->integerBits
            && bar.exponent >= -m_window->word->fractionBits();
        QFont font = Theme::sans(0.92, inWord);
        painter.setFont(font);
        painter.setPen(inWord ? colours().text : colours().dim);
        const QRectF box(g.plot.left() + static_cast<double>(i) * g.column - 12, g.plot.bottom() + 4, g.column + 24,
            metrics.height());
        painter.drawText(box, Qt::AlignCenter, (bar.tail ? u"≤"_s : QString()) + powerOfTwoText(bar.exponent));
    }
    painter.setFont(Theme::sans(0.92));
}

void paintWordBlock(QPainter &painter, const QRectF &rect, const QString &text, bool sign)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(sign ? colours().barSign : colours().bar);
    painter.drawRoundedRect(rect, 3, 3);
    const QFontMetricsF metrics(Theme::sans(0.85, true));
    if (metrics.horizontalAdvance(text) > rect.width() - 2)
        return;
    painter.setFont(Theme::sans(0.85, true));
    painter.setPen(colours().onAccent);
    painter.drawText(rect, Qt::AlignCenter, text);
}

void BitWeightChart::paintWord(QPainter &painter, const Geometry &g) const
{
    if (!m_window || !m_window->word)
        return;
    const FixedType &type = *m_window->word;
    const double y = g.plot.bottom() + QFontMetricsF(painter.font()).height() + 8;
    for (int bit = 0; bit < type.width; ++bit) {
        const int exponent = type.integerBits - 1 - bit;
        const double x = g.xAt(exponent + 1);
        if (x < g.plot.left() - 1 || x + g.column > g.plot.right() + 1)
            continue;
        const bool sign = bit == 0 && type.isSigned;
        const double gap = std::min(3.0, g.column * 0.08);
        paintWordBlock(painter, QRectF(x + gap, y, g.column - 2 * gap, QFontMetricsF(painter.font()).height() + 2),
            sign ? u"sign"_s : QString::number(bit + 1), sign);
    }
    painter.setFont(Theme::sans(0.92));
}

void BitWeightChart::paintBinaryPoint(QPainter &painter, const Geometry &g) const
{
    if (!m_window)
        return;
    const QFontMetricsF metrics(painter.font());
    const double x = g.xAt(0);
    const double end = g.plot.bottom() + 2 * metrics.height() + 18;
    painter.setPen(colours().dim);
    if (x < g.plot.left() - 0.5 || x > g.plot.right() + 0.5) {
        const bool left = x < g.plot.left();
        const int away = left ? -1 - g.high : m_bars.back().exponent;
        const QString text
            = left ? u"◂ binary point, %1 bits further"_s.arg(away) : u"binary point, %1 bits further ▸"_s.arg(away);
        const int side = left ? Qt::AlignLeft : Qt::AlignRight;
        painter.drawText(QRectF(g.plot.left(), 0, g.plot.width(), metrics.height() + 4), side | Qt::AlignVCenter, text);
        return;
    }
    const bool roomLeft = x - g.plot.left() > metrics.horizontalAdvance(u"binary point"_s) + 8;
    const QRectF box
        = roomLeft ? QRectF(x - 206, 0, 200, metrics.height() + 4) : QRectF(x + 6, 0, 200, metrics.height() + 4);
    const int side = roomLeft ? Qt::AlignRight : Qt::AlignLeft;
    painter.drawText(box, side | Qt::AlignVCenter, u"binary point"_s);
    painter.setPen(QPen(colours().text, 1.6, Qt::CustomDashLine));
    QPen pen = painter.pen();
    pen.setDashPattern({3, 2.5});
    painter.setPen(pen);
    painter.drawLine(QPointF(x, 2), QPointF(x, end - 4));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colours().text);
    painter.drawEllipse(QPointF(x, end - 3), 3, 3);
}

int BitWeightChart::barAt(const QPointF &position) const
{
    const Geometry g = geometry(size());
    if (m_bars.empty() || !g.plot.adjusted(0, 0, 0, 40).contains(position))
        return -1;
    return std::min(static_cast<int>((position.x() - g.plot.left()) / g.column), static_cast<int>(m_bars.size()) - 1);
}

void BitWeightChart::setCurrent(int bar, bool tellTip)
{
    if (bar == m_current)
        return;
    m_current = bar;
    update();
    if (bar < 0)
        return QToolTip::hideText();
    const QString text = describeBar(m_bars[static_cast<std::size_t>(bar)], m_total);
    setAccessibleDescription(text);
    const Geometry g = geometry(size());
    if (tellTip)
        QToolTip::showText(
            mapToGlobal(QPointF(g.plot.left() + (bar + 1) * g.column, g.plot.top() + 20).toPoint()), text, this);
}

void BitWeightChart::leaveEvent(QEvent *) { setCurrent(-1, false); }

void BitWeightChart::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    if (m_current < 0 && !m_bars.empty() && event->reason() != Qt::MouseFocusReason)
        setCurrent(0, false);
}

void BitWeightChart::keyPressEvent(QKeyEvent *event)
{
    if (editByKey(event))
        return;
    if (const auto bar = barByKey(event->key()))
        return setCurrent(*bar, true);
    if (event->key() == Qt::Key_Escape && m_current >= 0)
        return setCurrent(-1, false);
    QWidget::keyPressEvent(event);
}

} // namespace quantscope
