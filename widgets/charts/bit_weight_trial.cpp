#include "charts/bit_weight_chart.h"

#include "items/text.h"
#include "look/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

// The part of BitWeightChart that tries other types: by mouse, by keys, and how that is drawn.

namespace quantscope {

static constexpr double kGripReach = 7; // pixels beside an edge that still take it
static constexpr int kWidest = 32; // what ap_fixed of the lab takes
static constexpr int kFarthest = 120;

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
    const Geometry g = geometry(size());
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
    if (m_grip == Grip::None)
        return QWidget::mousePressEvent(event);
    const Geometry g = geometry(size());
    m_pressedAt = g.high + 1 - (event->position().x() - g.plot.left()) / g.column;
    m_pressedType = *editedType();
    setCurrent(-1, false);
    if (m_grip == Grip::Whole)
        setCursor(Qt::ClosedHandCursor);
}

void BitWeightChart::drag(const QPointF &position)
{
    const Geometry g = geometry(size());
    const double exponent = g.high + 1 - (position.x() - g.plot.left()) / g.column;
    moveGrip(m_grip, static_cast<int>(std::lround(exponent - m_pressedAt)), m_pressedType);
}

void BitWeightChart::mouseMoveEvent(QMouseEvent *event)
{
    if (m_grip != Grip::None)
        return drag(event->position());
    const Grip grip = gripAt(event->position());
    const bool strip = event->position().y() > geometry(size()).plot.bottom();
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
    if (m_grip == Grip::None)
        return QWidget::mouseReleaseEvent(event);
    m_grip = Grip::None;
    unsetCursor();
    rebuild();
}

/// Escape belongs to the chart while it has something to take back; else to the window.
bool BitWeightChart::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape
        && (m_trying || m_current >= 0)) {
        event->accept();
        return true;
    }
    return QWidget::event(event);
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

void BitWeightChart::paintHandles(QPainter &painter, const Geometry &g) const
{
    if (!editedType())
        return;
    const double left = g.xAt(m_window->word ? m_window->word->integerBits : m_window->top);
    const double right = g.xAt(m_window->bottom);
    for (const double x : {left, right}) {
        if (x < g.plot.left() - 1 || x > g.plot.right() + 1)
            continue;
        painter.setPen(QPen(colours().accent, 1.4, m_trying ? Qt::SolidLine : Qt::DotLine));
        painter.drawLine(QPointF(x, g.plot.top()), QPointF(x, g.plot.bottom()));
        painter.setPen(QPen(colours().panel, 1));
        painter.setBrush(colours().accent);
        painter.drawRoundedRect(QRectF(x - 4, g.plot.top() + g.plot.height() * 0.42, 8, 26), 3, 3);
        painter.setPen(QPen(colours().onAccent, 1));
        for (const double dx : {-1.5, 1.5})
            painter.drawLine(QPointF(x + dx, g.plot.top() + g.plot.height() * 0.42 + 8),
                QPointF(x + dx, g.plot.top() + g.plot.height() * 0.42 + 18));
    }
}

/// Two's complement reaches one step further down than up: its largest magnitude has a tick of its own.
void BitWeightChart::paintSignTick(QPainter &painter, const Geometry &g) const
{
    if (!m_window || !m_window->word || !m_window->word->isSigned)
        return;
    const int exponent = m_window->word->integerBits - 1;
    const double x = g.xAt(exponent);
    if (x < g.plot.left() || x > g.plot.right())
        return;
    painter.setPen(QPen(colours().barSign, 2));
    painter.drawLine(QPointF(x, g.plot.top() - 5), QPointF(x, g.plot.top() + 7));
    const QString limit = powerOfTwoText(exponent);
    const QString text
        = m_window->narrow ? u"narrow: ±%1 does not fit"_s.arg(limit) : u"−%1 fits, +%1 does not"_s.arg(limit);
    painter.setFont(Theme::sans(0.85));
    const QFontMetricsF metrics(painter.font());
    painter.setPen(colours().dim);
    const double width = metrics.horizontalAdvance(text);
    const double point = g.xAt(0); // its words stand in the same row, on its left where there is room
    const double words = QFontMetricsF(Theme::sans(0.92)).horizontalAdvance(u"binary point"_s) + 12;
    const bool wordsLeft = point - g.plot.left() > words - 4;
    const double taken = wordsLeft ? point - words : point - 6, end = wordsLeft ? point + 6 : point + words;
    const auto isFree = [&](double from) {
        return from + width < g.plot.right() && from > g.plot.left() && (from > end || from + width < taken);
    };
    for (const double from : {x + 5, x - 5 - width, end + 1})
        if (isFree(from)) {
            painter.drawText(QRectF(from, 0, width + 4, metrics.height() + 4), Qt::AlignLeft | Qt::AlignVCenter, text);
            break;
        }
    painter.setFont(Theme::sans(0.92));
}

} // namespace quantscope
