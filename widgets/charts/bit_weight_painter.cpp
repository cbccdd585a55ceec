#include "charts/bit_weight_painter.h"

#include "charts/painted_chart.h"
#include "items/text.h"
#include "look/powers.h"
#include "look/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

BitWeightGeometry bitWeightGeometry(const std::vector<BitBar> &bars, const QSize &size)
{
    const QFontMetrics metrics(Theme::sans(0.92));
    const double below = metrics.height() * 2.0 + 30;
    const double left = metrics.horizontalAdvance(u"100%"_s) + 16;
    BitWeightGeometry g;
    g.plot
        = QRectF(left, metrics.height() + 10, size.width() - left - 8, size.height() - below - metrics.height() - 10);
    g.high = bars.empty() ? 0 : bars.front().exponent;
    g.column = bars.empty() ? 0 : g.plot.width() / static_cast<double>(bars.size());
    return g;
}

BitWeightPainter::BitWeightPainter(const BitWeightPicture &picture, QPainter &painter, const QSize &size)
    : m_picture(picture)
    , m_painter(painter)
    , m_geometry(bitWeightGeometry(picture.bars, size))
{
}

void BitWeightPainter::paint() const
{
    paintWindow();
    paintGrid();
    paintBars();
    paintLabels();
    paintWord();
    paintBinaryPoint();
    paintSignTick();
    paintHandles();
    paintOverlays();
}

static QPen overlayPen(std::size_t at)
{
    const QColor inks[] = {colours().text, colours().green, colours().redText, colours().amberText, colours().dim};
    static constexpr Qt::PenStyle kStyles[]
        = {Qt::SolidLine, Qt::DashLine, Qt::DashDotLine, Qt::DotLine, Qt::DashDotDotLine};
    return {inks[at % std::size(inks)], 1.6, kStyles[at % std::size(kStyles)]};
}

/// Steps at the height that their share of all elements has on the axis, and which line is which.
void BitWeightPainter::paintOverlays() const
{
    const double top = axisTop();
    m_painter.setFont(Theme::sans(0.92));
    const QFontMetricsF metrics(m_painter.font());
    for (std::size_t at = 0; at < m_picture.overlays.size(); ++at) {
        const std::vector<double> shares = overlayShares(m_picture.overlays[at], m_picture.bars);
        QPolygonF line;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            const double left = m_geometry.plot.left() + static_cast<double>(i) * m_geometry.column;
            const double y = m_geometry.plot.bottom() - m_geometry.plot.height() * shares[i] * 100 / top;
            line << QPointF(left, y) << QPointF(left + m_geometry.column, y);
        }
        m_painter.setPen(overlayPen(at));
        m_painter.setBrush(Qt::NoBrush);
        m_painter.drawPolyline(line);
        const double y = m_geometry.plot.top() + 6 + static_cast<double>(at) * (metrics.height() + 2);
        const double right = m_geometry.plot.right() - 4;
        const QString &name = m_picture.overlays[at].name;
        const double width = metrics.horizontalAdvance(name);
        m_painter.fillRect(QRectF(right - width - 34, y, width + 38, metrics.height() + 2), colours().panel);
        m_painter.drawLine(QPointF(right - width - 30, y + metrics.height() / 2),
            QPointF(right - width - 6, y + metrics.height() / 2));
        m_painter.setPen(colours().text);
        m_painter.drawText(QRectF(right - width, y, width + 1, metrics.height()), Qt::AlignRight, name);
    }
}

/// Steps that make up to five grid lines, fewer in a low chart.
double BitWeightPainter::percentStep(double plotHeight) const
{
    const double top = axisTop() / 1.1;
    for (const double step : {0.5, 1.0, 2.0, 4.0, 5.0, 8.0, 10.0, 20.0, 25.0})
        if (top / step <= std::clamp(plotHeight / 34, 1.5, 4.6))
            return step;
    return 50;
}

double BitWeightPainter::axisTop() const
{
    std::uint64_t most = 1;
    for (const BitBar &bar : m_picture.bars)
        most = std::max(most, bar.count());
    double share = static_cast<double>(most) / static_cast<double>(std::max<std::uint64_t>(1, m_picture.total));
    for (const BitOverlay &overlay : m_picture.overlays)
        for (const double other : overlayShares(overlay, m_picture.bars))
            share = std::max(share, other);
    return 100.0 * share * 1.1;
}

void BitWeightPainter::paintGrid() const
{
    const double step = percentStep(m_geometry.plot.height());
    const double top = axisTop();
    for (double percent = step; percent <= top; percent += step) {
        const double y = m_geometry.plot.bottom() - m_geometry.plot.height() * percent / top;
        m_painter.setPen(QPen(colours().line, 1));
        m_painter.drawLine(QPointF(m_geometry.plot.left(), y), QPointF(m_geometry.plot.right(), y));
        m_painter.setPen(colours().dim);
        m_painter.drawText(QRectF(0, y - 10, m_geometry.plot.left() - 8, 20), Qt::AlignRight | Qt::AlignVCenter,
            QString::number(percent) + u" %"_s);
    }
    m_painter.setPen(QPen(colours().dim, 1));
    m_painter.drawLine(m_geometry.plot.bottomLeft(), m_geometry.plot.bottomRight());
}

void BitWeightPainter::paintWindow() const
{
    if (!m_picture.window)
        return;
    const double top = m_picture.window->word ? m_picture.window->word->integerBits : m_picture.window->top;
    const double left = std::max(m_geometry.plot.left(), m_geometry.xAt(top));
    const double right = std::min(m_geometry.plot.right(), m_geometry.xAt(m_picture.window->bottom));
    if (right <= left)
        return;
    m_painter.fillRect(QRectF(left, m_geometry.plot.top(), right - left, m_geometry.plot.height()), colours().soft);
    if (m_picture.window->word)
        return;
    m_painter.setPen(QPen(colours().accent, 1.5));
    m_painter.drawLine(QPointF(left, m_geometry.plot.top()), QPointF(left, m_geometry.plot.bottom()));
    m_painter.drawLine(QPointF(right, m_geometry.plot.top()), QPointF(right, m_geometry.plot.bottom()));
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

void BitWeightPainter::paintBar(const QRectF &rect, BitVerdict verdict) const
{
    const Colours &c = colours();
    const QColor fill = verdict == BitVerdict::Overflow ? c.red
        : verdict == BitVerdict::Underflow              ? c.amber
        : verdict == BitVerdict::RoundsToLsb            ? c.barLight
        : verdict == BitVerdict::Unknown                ? c.dim
                                                        : c.bar;
    m_painter.setPen(Qt::NoPen);
    m_painter.setBrush(fill);
    m_painter.drawRoundedRect(rect, 2, 2);
    if (verdict == BitVerdict::Overflow || verdict == BitVerdict::Underflow)
        paintHatch(m_painter, rect, fill.darker(140));
}

void BitWeightPainter::paintBars() const
{
    const double top = axisTop();
    const QFontMetricsF metrics(m_painter.font());
    for (std::size_t i = 0; i < m_picture.bars.size(); ++i) {
        const BitBar &bar = m_picture.bars[i];
        const double percent = 100.0 * static_cast<double>(bar.count())
            / static_cast<double>(std::max<std::uint64_t>(1, m_picture.total));
        const double height = bar.count() == 0 ? 0 : std::max(1.5, m_geometry.plot.height() * percent / top);
        const double gap = std::min(6.0, m_geometry.column * 0.12);
        const QRectF rect(m_geometry.plot.left() + static_cast<double>(i) * m_geometry.column + gap,
            m_geometry.plot.bottom() - height, m_geometry.column - 2 * gap, height);
        if (height > 0)
            paintBar(rect, bar.verdict);
        const QString count = groupedText(bar.count());
        if (bar.count() > 0 && metrics.horizontalAdvance(count) <= m_geometry.column + 4) {
            m_painter.setPen(colours().dim);
            m_painter.drawText(
                QRectF(rect.left() - 20, rect.top() - metrics.height() - 1, rect.width() + 40, metrics.height()),
                Qt::AlignCenter, count);
        }
        if (static_cast<int>(i) == m_picture.current)
            paintCurrentBar(
                m_painter, QRectF(rect.left() - 2, m_geometry.plot.top(), rect.width() + 4, m_geometry.plot.height()));
    }
}

void BitWeightPainter::paintLabels() const
{
    const QFontMetricsF metrics(m_painter.font());
    const double widest = exponentsAdvance(m_painter.font(), powerOfTwoText(m_picture.bars.back().exponent)) + 6;
    const int every = std::max(1, static_cast<int>(std::ceil(widest / m_geometry.column)));
    for (std::size_t i = 0; i < m_picture.bars.size(); ++i) {
        const BitBar &bar = m_picture.bars[i];
        if (bar.exponent % every != 0 && !bar.tail)
            continue;
        const bool inWord = m_picture.window && m_picture.window->word
            && bar.exponent < m_picture.window->word->integerBits
            && bar.exponent >= -m_picture.window->word->fractionBits();
        QFont font = Theme::sans(0.92, inWord);
        m_painter.setFont(font);
        m_painter.setPen(inWord ? colours().text : colours().dim);
        const QRectF box(m_geometry.plot.left() + static_cast<double>(i) * m_geometry.column - 12,
            m_geometry.plot.bottom() + 4, m_geometry.column + 24, metrics.height());
        drawExponents(&m_painter, box, Qt::AlignCenter, (bar.tail ? u"≤"_s : QString()) + powerOfTwoText(bar.exponent));
    }
    m_painter.setFont(Theme::sans(0.92));
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

void BitWeightPainter::paintWord() const
{
    if (!m_picture.window || !m_picture.window->word)
        return;
    const FixedType &type = *m_picture.window->word;
    const double y = m_geometry.plot.bottom() + QFontMetricsF(m_painter.font()).height() + 8;
    for (int bit = 0; bit < type.width; ++bit) {
        const int exponent = type.integerBits - 1 - bit;
        const double x = m_geometry.xAt(exponent + 1);
        if (x < m_geometry.plot.left() - 1 || x + m_geometry.column > m_geometry.plot.right() + 1)
            continue;
        const bool sign = bit == 0 && type.isSigned;
        const double gap = std::min(3.0, m_geometry.column * 0.08);
        paintWordBlock(m_painter,
            QRectF(x + gap, y, m_geometry.column - 2 * gap, QFontMetricsF(m_painter.font()).height() + 2),
            sign ? u"sign"_s : QString::number(bit + 1), sign);
    }
    m_painter.setFont(Theme::sans(0.92));
}

void BitWeightPainter::paintBinaryPoint() const
{
    if (!m_picture.window)
        return;
    const QFontMetricsF metrics(m_painter.font());
    const double x = m_geometry.xAt(0);
    const double end = m_geometry.plot.bottom() + 2 * metrics.height() + 18;
    m_painter.setPen(colours().dim);
    if (x < m_geometry.plot.left() - 0.5 || x > m_geometry.plot.right() + 0.5) {
        const bool left = x < m_geometry.plot.left();
        const int away = left ? -1 - m_geometry.high : m_picture.bars.back().exponent;
        const QString text
            = left ? u"◂ binary point, %1 bits further"_s.arg(away) : u"binary point, %1 bits further ▸"_s.arg(away);
        const int side = left ? Qt::AlignLeft : Qt::AlignRight;
        m_painter.drawText(QRectF(m_geometry.plot.left(), 0, m_geometry.plot.width(), metrics.height() + 4),
            side | Qt::AlignVCenter, text);
        return;
    }
    const bool roomLeft = x - m_geometry.plot.left() > metrics.horizontalAdvance(u"binary point"_s) + 8;
    const QRectF box
        = roomLeft ? QRectF(x - 206, 0, 200, metrics.height() + 4) : QRectF(x + 6, 0, 200, metrics.height() + 4);
    const int side = roomLeft ? Qt::AlignRight : Qt::AlignLeft;
    m_painter.drawText(box, side | Qt::AlignVCenter, u"binary point"_s);
    m_painter.setPen(QPen(colours().text, 1.6, Qt::CustomDashLine));
    QPen pen = m_painter.pen();
    pen.setDashPattern({3, 2.5});
    m_painter.setPen(pen);
    m_painter.drawLine(QPointF(x, 2), QPointF(x, end - 4));
    m_painter.setPen(Qt::NoPen);
    m_painter.setBrush(colours().text);
    m_painter.drawEllipse(QPointF(x, end - 3), 3, 3);
}

void BitWeightPainter::paintHandles() const
{
    if (!m_picture.handles)
        return;
    const double left
        = m_geometry.xAt(m_picture.window->word ? m_picture.window->word->integerBits : m_picture.window->top);
    const double right = m_geometry.xAt(m_picture.window->bottom);
    for (const double x : {left, right}) {
        if (x < m_geometry.plot.left() - 1 || x > m_geometry.plot.right() + 1)
            continue;
        m_painter.setPen(QPen(colours().accent, 1.4, m_picture.trying ? Qt::SolidLine : Qt::DotLine));
        m_painter.drawLine(QPointF(x, m_geometry.plot.top()), QPointF(x, m_geometry.plot.bottom()));
        m_painter.setPen(QPen(colours().panel, 1));
        m_painter.setBrush(colours().accent);
        m_painter.drawRoundedRect(QRectF(x - 4, m_geometry.plot.top() + m_geometry.plot.height() * 0.42, 8, 26), 3, 3);
        m_painter.setPen(QPen(colours().onAccent, 1));
        for (const double dx : {-1.5, 1.5})
            m_painter.drawLine(QPointF(x + dx, m_geometry.plot.top() + m_geometry.plot.height() * 0.42 + 8),
                QPointF(x + dx, m_geometry.plot.top() + m_geometry.plot.height() * 0.42 + 18));
    }
}

/// Two's complement reaches one step further down than up: its largest magnitude has a tick of its own.
void BitWeightPainter::paintSignTick() const
{
    if (!m_picture.window || !m_picture.window->word || !m_picture.window->word->isSigned)
        return;
    const int exponent = m_picture.window->word->integerBits - 1;
    const double x = m_geometry.xAt(exponent);
    if (x < m_geometry.plot.left() || x > m_geometry.plot.right())
        return;
    m_painter.setPen(QPen(colours().barSign, 2));
    m_painter.drawLine(QPointF(x, m_geometry.plot.top() - 5), QPointF(x, m_geometry.plot.top() + 7));
    const QString limit = powerOfTwoText(exponent);
    const QString text
        = m_picture.window->narrow ? u"narrow: ±%1 does not fit"_s.arg(limit) : u"−%1 fits, +%1 does not"_s.arg(limit);
    m_painter.setFont(Theme::sans(0.85));
    const QFontMetricsF metrics(m_painter.font());
    m_painter.setPen(colours().dim);
    const double width = metrics.horizontalAdvance(text);
    const double point = m_geometry.xAt(0); // its words stand in the same row, on its left where there is room
    const double words = QFontMetricsF(Theme::sans(0.92)).horizontalAdvance(u"binary point"_s) + 12;
    const bool wordsLeft = point - m_geometry.plot.left() > words - 4;
    const double taken = wordsLeft ? point - words : point - 6, end = wordsLeft ? point + 6 : point + words;
    const auto isFree = [&](double from) {
        return from + width < m_geometry.plot.right() && from > m_geometry.plot.left()
            && (from > end || from + width < taken);
    };
    for (const double from : {x + 5, x - 5 - width, end + 1})
        if (isFree(from)) {
            m_painter.drawText(
                QRectF(from, 0, width + 4, metrics.height() + 4), Qt::AlignLeft | Qt::AlignVCenter, text);
            break;
        }
    m_painter.setFont(Theme::sans(0.92));
}

} // namespace quantscope
