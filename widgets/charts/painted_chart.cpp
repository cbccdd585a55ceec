#include "charts/painted_chart.h"

#include "charts/chart_actions.h"
#include "charts/chart_view.h"
#include "look/theme.h"

#include <QPainter>

#include <algorithm>

namespace quantscope {

PaintedChart::PaintedChart(const QString &fileName, const QString &name, QWidget *parent)
    : QWidget(parent)
    , m_actions(
          new ChartActions(this, fileName, [this](QPainter &painter, const QSize &size) { paint(painter, size); }))
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(name);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void PaintedChart::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paint(painter, size());
}

bool PaintedChart::event(QEvent *event) { return (m_current >= 0 && keepsChartTip(event)) || QWidget::event(event); }

void PaintedChart::paint(QPainter &painter, const QSize &size) const
{
    painter.setFont(Theme::sans(fontFactor()));
    if (barCount() > 0)
        return paintChart(painter, size);
    painter.setPen(colours().dim);
    painter.drawText(QRect(QPoint(0, 0), size), Qt::AlignCenter | Qt::TextWordWrap, m_message);
}

void paintCurrentBar(QPainter &painter, const QRectF &rect)
{
    painter.setPen(QPen(colours().text, 1.5, Qt::DotLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect);
}

std::optional<int> PaintedChart::barByKey(int key) const
{
    const int last = barCount() - 1;
    const int first = std::min(0, last);
    switch (key) {
    case Qt::Key_Left: return std::max(first, m_current - 1);
    case Qt::Key_Right: return std::min(last, m_current + 1);
    case Qt::Key_Home: return first;
    case Qt::Key_End: return last;
    default: return std::nullopt;
    }
}

} // namespace quantscope
