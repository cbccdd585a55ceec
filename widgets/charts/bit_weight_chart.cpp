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
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr double kGripReach = 7; // pixels beside an edge that still take it
static constexpr int kWidest = 32; // what ap_fixed of the lab takes
static constexpr int kFarthest = 120;

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

void BitWeightChart::setOverlays(std::vector<BitOverlay> overlays)
{
    m_overlays = std::move(overlays);
    if (m_grip == Grip::None) // bars that move under the pointer would run away from it
        rebuild();
}

void BitWeightChart::rebuild()
{
    m_bars = m_histogram ? bitBars(*m_histogram, m_window, m_ownWindow) : std::vector<BitBar>{};
    makeRoomFor(m_overlays, m_window, m_bars);
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

int BitWeightChart::barAt(const QPointF &position) const
{
    const BitWeightGeometry g = bitWeightGeometry(m_bars, size());
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
    const QString text = describeBar(m_bars[static_cast<std::size_t>(bar)], m_total, m_subject);
    setAccessibleDescription(text);
    const BitWeightGeometry g = bitWeightGeometry(m_bars, size());
    if (tellTip)
        showChartTip(
            mapToGlobal(QPointF(g.plot.left() + (bar + 1) * g.column, g.plot.top() + 20).toPoint()), text, this);
}

void BitWeightChart::paintChart(QPainter &painter, const QSize &size) const
{
    const BitWeightPicture picture{.bars = m_bars,
        .total = m_total,
        .window = m_window,
        .handles = editedType().has_value(),
        .trying = m_trying,
        .current = m_current,
        .overlays = m_overlays};
    BitWeightPainter(picture, painter, size).paint();
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
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_current >= 0)
        Q_EMIT activated(m_current);
    else
        QWidget::keyPressEvent(event);
}

void BitWeightChart::setEditable(bool editable)
{
    m_editable = editable;
    if (!editable)
        resetType();
    setToolTip(editable ? QString() : toolTip());
    setAccessibleDescription(editable ? tr("Shift and arrow: integer bits. Ctrl and arrow: fractional bits. Both: the "
                                           "whole window. Escape: the file's type.")
                                      : QString());
    update();
}

/// The type that an edit starts from: the one shown, else the fixed-point type nearest to a float scale.
std::optional<FixedType> BitWeightChart::editedType() const
{
    if (!m_editable || !m_window)
        return std::nullopt;
    if (m_window->word)
        return m_window->word;
    const bool isSigned = m_histogram
        && std::any_of(
            m_histogram->negative.begin(), m_histogram->negative.end(), [](std::uint64_t n) { return n > 0; });
    const int integer = static_cast<int>(std::lround(m_window->top)) + (isSigned ? 1 : 0);
    const int fraction = static_cast<int>(std::lround(-m_window->bottom));
    return FixedType{std::max(1, integer + fraction), integer, isSigned};
}

void BitWeightChart::tryType(FixedType type)
{
    type.width = std::clamp(type.width, 1, kWidest);
    type.integerBits = std::clamp(type.integerBits, -kFarthest, kFarthest);
    const auto &own = m_ownWindow ? m_ownWindow->word : std::nullopt;
    if (own && own->width == type.width && own->integerBits == type.integerBits && own->isSigned == type.isSigned)
        return resetType();
    if (m_trying && m_window->word->width == type.width && m_window->word->integerBits == type.integerBits)
        return;
    m_window = bitWindow(type);
    m_trying = true;
    if (m_grip == Grip::None)
        rebuild();
    else // bars that move under the pointer would run away from it
        for (BitBar &bar : m_bars)
            bar.verdict = m_window->verdict(bar.exponent);
    update();
    Q_EMIT windowChanged();
}

void BitWeightChart::resetType()
{
    if (!m_trying)
        return;
    m_trying = false;
    m_window = m_ownWindow;
    if (m_grip == Grip::None)
        rebuild();
    else
        for (BitBar &bar : m_bars)
            bar.verdict = m_window ? m_window->verdict(bar.exponent) : BitVerdict::Unknown;
    update();
    Q_EMIT windowChanged();
}

/// Positive steps go left, to larger weights.
void BitWeightChart::moveGrip(Grip grip, int by, const FixedType &from)
{
    FixedType type = from;
    if (grip == Grip::Left) {
        by = std::clamp(by, 1 - type.width, kWidest - type.width);
        type.integerBits += by;
        type.width += by;
    } else if (grip == Grip::Right) {
        type.width -= std::clamp(by, type.width - kWidest, type.width - 1);
    } else {
        type.integerBits += by;
    }
    tryType(type);
}

BitWeightChart::Grip BitWeightChart::gripAt(const QPointF &position) const
{
    if (m_bars.empty() || !editedType())
        return Grip::None;
    const BitWeightGeometry g = bitWeightGeometry(m_bars, size());
    const QRectF area = g.plot.adjusted(0, 0, 0, 44);
    const double left = g.xAt(m_window->word ? m_window->word->integerBits : m_window->top);
    const double right = g.xAt(m_window->bottom);
    if (!area.adjusted(-kGripReach, 0, kGripReach, 0).contains(position))
        return Grip::None;
    if (std::abs(position.x() - left) <= kGripReach)
        return Grip::Left;
    if (std::abs(position.x() - right) <= kGripReach)
        return Grip::Right;
    return position.x() > left && position.x() < right ? Grip::Whole : Grip::None;
}

void BitWeightChart::mousePressEvent(QMouseEvent *event)
{
    m_grip = event->button() == Qt::LeftButton ? gripAt(event->position()) : Grip::None;
    m_pressedBar = event->button() == Qt::LeftButton ? barAt(event->position()) : -1;
    if (m_grip == Grip::None)
        return QWidget::mousePressEvent(event);
    const BitWeightGeometry g = bitWeightGeometry(m_bars, size());
    m_pressedAt = g.high + 1 - (event->position().x() - g.plot.left()) / g.column;
    m_pressedType = *editedType();
    setCurrent(-1, false);
    if (m_grip == Grip::Whole)
        setCursor(Qt::ClosedHandCursor);
}

void BitWeightChart::drag(const QPointF &position)
{
    const BitWeightGeometry g = bitWeightGeometry(m_bars, size());
    const double exponent = g.high + 1 - (position.x() - g.plot.left()) / g.column;
    if (std::lround(exponent - m_pressedAt) != 0)
        m_pressedBar = -1;
    moveGrip(m_grip, static_cast<int>(std::lround(exponent - m_pressedAt)), m_pressedType);
}

void BitWeightChart::mouseMoveEvent(QMouseEvent *event)
{
    if (m_grip != Grip::None)
        return drag(event->position());
    const Grip grip = gripAt(event->position());
    const bool strip = event->position().y() > bitWeightGeometry(m_bars, size()).plot.bottom();
    if (grip == Grip::Left || grip == Grip::Right)
        setCursor(Qt::SizeHorCursor);
    else if (grip == Grip::Whole && strip)
        setCursor(Qt::OpenHandCursor);
    else
        unsetCursor();
    setCurrent(barAt(event->position()), true);
}

void BitWeightChart::mouseReleaseEvent(QMouseEvent *event)
{
    const int clicked = m_pressedBar == barAt(event->position()) && m_grip != Grip::Left && m_grip != Grip::Right
        ? std::exchange(m_pressedBar, -1)
        : -1;
    if (m_grip == Grip::None)
        QWidget::mouseReleaseEvent(event);
    else {
        m_grip = Grip::None;
        unsetCursor();
        rebuild();
    }
    if (clicked >= 0 && clicked < barCount())
        Q_EMIT activated(clicked);
}

/// Escape belongs to the chart while it has something to take back; else to the window.
bool BitWeightChart::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape
        && (m_trying || m_current >= 0)) {
        event->accept();
        return true;
    }
    return PaintedChart::event(event);
}

bool BitWeightChart::editByKey(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_trying) {
        m_grip = Grip::None;
        resetType();
        return true;
    }
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const bool control = event->modifiers().testFlag(Qt::ControlModifier);
    const bool arrow = event->key() == Qt::Key_Left || event->key() == Qt::Key_Right;
    const auto type = editedType();
    if (!arrow || !type || !(shift || control))
        return false;
    setCurrent(-1, false);
    moveGrip(shift && control ? Grip::Whole
            : shift           ? Grip::Left
                              : Grip::Right,
        event->key() == Qt::Key_Left ? 1 : -1, *type);
    return true;
}

} // namespace quantscope
