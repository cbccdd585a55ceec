#include "pages/values/tensor_map_view.h"

#include "look/theme.h"
#include "pages/parts/values_view.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace quantscope {

TensorMapView::TensorMapView(QWidget *parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Map of the whole tensor"));
    setToolTip(tr("Largest |code| of each cell, without codes the largest |value|; the darkest is the largest of the "
                  "tensor; click to go there"));
    setMinimumHeight(90);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void TensorMapView::setMap(const std::optional<TensorMap> &map)
{
    m_map = map;
    m_hits.clear();
    update();
}

void TensorMapView::setHits(std::vector<std::size_t> cells)
{
    m_hits = std::move(cells);
    update();
}

void TensorMapView::setCurrent(std::optional<std::size_t> cell)
{
    m_current = cell;
    update();
}

QRectF TensorMapView::cellRect(std::size_t cell) const
{
    const double size = std::min({14.0, static_cast<double>(width()) / static_cast<double>(m_map->columns),
        static_cast<double>(height()) / static_cast<double>(m_map->rows)});
    const double w = m_map->columns > 20 ? static_cast<double>(width()) / static_cast<double>(m_map->columns) : size;
    const auto column = static_cast<double>(cell % static_cast<std::size_t>(m_map->columns));
    const auto row = static_cast<double>(cell / static_cast<std::size_t>(m_map->columns));
    const double h = std::min(14.0, static_cast<double>(height()) / static_cast<double>(m_map->rows));
    return {column * w, row * h, w, h};
}

void TensorMapView::paintEvent(QPaintEvent *)
{
    if (!m_map)
        return;
    QPainter painter(this);
    for (std::size_t cell = 0; cell < m_map->magnitude.size(); ++cell) {
        const float magnitude = m_map->magnitude[cell];
        const QRectF rect = cellRect(cell);
        painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5),
            magnitude < 0 ? colours().background : magnitudeColour(static_cast<double>(magnitude)).darker(103));
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colours().text, 1.6));
    for (const std::size_t hit : m_hits)
        painter.drawRect(cellRect(hit));
    if (m_current) {
        painter.setPen(QPen(colours().accent, 2));
        painter.drawRect(cellRect(*m_current).adjusted(0, 0, 1, 1));
    }
}

void TensorMapView::mousePressEvent(QMouseEvent *event)
{
    if (!m_map)
        return;
    for (std::size_t cell = 0; cell < m_map->magnitude.size(); ++cell)
        if (cellRect(cell).contains(event->position())) {
            const auto columns = static_cast<std::size_t>(m_map->columns);
            Q_EMIT picked(static_cast<qint64>(cell % columns) * m_map->perColumn,
                static_cast<qint64>(cell / columns) * m_map->perRow);
            return;
        }
}

} // namespace quantscope
