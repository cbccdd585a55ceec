#include "pages/model/bits_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

BitsBar::BitsBar(QWidget *parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Bits by layer"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void BitsBar::setSummary(const ModelSummary &summary)
{
    m_summary = summary;
    m_current = std::min(m_current, static_cast<int>(summary.bits.size()) - 1);
    update();
}

QRectF BitsBar::partOf(std::size_t at) const
{
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < at; ++i)
        before += m_summary.bits[i].bits;
    const double unit
        = static_cast<double>(width()) / static_cast<double>(std::max<std::uint64_t>(1, m_summary.totalBits));
    return {static_cast<double>(before) * unit, 4, static_cast<double>(m_summary.bits[at].bits) * unit, height() - 8.0};
}

int BitsBar::partAt(const QPointF &position) const
{
    for (std::size_t i = 0; i < m_summary.bits.size(); ++i)
        if (partOf(i).contains(position))
            return static_cast<int>(i);
    return -1;
}

QString BitsBar::describe(int at) const
{
    const ModelSummary::Bits &part = m_summary.bits[static_cast<std::size_t>(at)];
    return u"%1\n%2, %3 of the model"_s.arg(shownText(part.layer), bitText(part.bits),
        shareText(static_cast<double>(part.bits) / static_cast<double>(m_summary.totalBits)));
}

bool BitsBar::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const int at = partAt(help->pos());
    QToolTip::showText(help->globalPos(), at < 0 ? QString() : plainTip(describe(at)), this);
    return true;
}

void BitsBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setFont(Theme::sans(0.85));
    const QFontMetricsF metrics(painter.font());
    for (std::size_t i = 0; i < m_summary.bits.size(); ++i) {
        const QRectF part = partOf(i);
        painter.fillRect(part, i % 2 == 0 ? colours().bar : colours().barLight);
        const QString name = shownText(m_summary.bits[i].layer);
        if (part.width() > metrics.horizontalAdvance(name) + 8) {
            painter.setPen(i % 2 == 0 ? colours().onAccent : colours().text);
            painter.drawText(part, Qt::AlignCenter, name);
        }
        if (hasFocus() && static_cast<int>(i) == m_current) {
            painter.setPen(QPen(colours().text, 1.5, Qt::DotLine));
            painter.drawRect(part.adjusted(1, 1, -1, -1));
        }
    }
}

void BitsBar::mousePressEvent(QMouseEvent *event)
{
    if (const int at = partAt(event->position()); at >= 0)
        Q_EMIT activated(m_summary.bits[static_cast<std::size_t>(at)].layer);
}

void BitsBar::keyPressEvent(QKeyEvent *event)
{
    const int last = static_cast<int>(m_summary.bits.size()) - 1;
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
        m_current = std::clamp(m_current + (event->key() == Qt::Key_Left ? -1 : 1), std::min(0, last), last);
        setAccessibleDescription(m_current >= 0 ? describe(m_current) : QString());
        return update();
    }
    const bool enters = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enters && m_current >= 0)
        Q_EMIT activated(m_summary.bits[static_cast<std::size_t>(m_current)].layer);
    else
        QWidget::keyPressEvent(event);
}

} // namespace quantscope
