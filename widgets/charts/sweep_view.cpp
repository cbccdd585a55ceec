#include "charts/sweep_view.h"

#include "look/theme.h"

#include <QPainter>

#include <cmath>

namespace quantscope {

SweepSign sweepSign(int index)
{
    const Colours &c = colours();
    const QColor inks[] = {c.green, c.dim, c.accent, c.amberText, c.redText, c.text};
    static constexpr QScatterSeries::MarkerShape kShapes[]
        = {QScatterSeries::MarkerShapeCircle, QScatterSeries::MarkerShapeRectangle, QScatterSeries::MarkerShapeTriangle,
            QScatterSeries::MarkerShapeRotatedRectangle, QScatterSeries::MarkerShapePentagon,
            QScatterSeries::MarkerShapeStar};
    static constexpr Qt::PenStyle kPens[]
        = {Qt::SolidLine, Qt::DashLine, Qt::SolidLine, Qt::DotLine, Qt::DashDotLine, Qt::DashDotDotLine};
    const auto count = std::size(kShapes);
    const auto at = static_cast<std::size_t>(index) % count;
    const auto round = static_cast<std::size_t>(index) / count; // more lines than shapes: filled ones become hollow
    const bool hollow = (kShapes[at] == QScatterSeries::MarkerShapeRectangle) != (round % 2 == 1);
    return {inks[(at + round) % count], kShapes[at], kPens[(at + round) % count], hollow};
}

static QPolygonF corners(int count, double outer, double inner)
{
    QPolygonF shape;
    for (int corner = 0; corner < count; ++corner) {
        const double radius = corner % 2 == 0 ? outer : inner; // a star where they differ
        shape << QPointF(radius * std::sin(corner * 2 * M_PI / count), -radius * std::cos(corner * 2 * M_PI / count));
    }
    return shape;
}

static void paintSign(QPainter *painter, const QPointF &centre, int index)
{
    const SweepSign sign = sweepSign(index);
    const double r = 4.5;
    painter->setPen(sign.hollow ? QPen(sign.colour, 1.4) : QPen(Qt::NoPen));
    painter->setBrush(sign.hollow ? colours().panel : sign.colour);
    QPolygonF shape;
    switch (sign.shape) {
    case QScatterSeries::MarkerShapeCircle: painter->drawEllipse(centre, r, r); return;
    case QScatterSeries::MarkerShapeRectangle:
        painter->drawRect(QRectF(centre.x() - 3.5, centre.y() - 3.5, 7, 7));
        return;
    case QScatterSeries::MarkerShapeTriangle: shape << QPointF(0, -r) << QPointF(r, r) << QPointF(-r, r); break;
    case QScatterSeries::MarkerShapeRotatedRectangle:
        shape << QPointF(0, -r) << QPointF(r, 0) << QPointF(0, r) << QPointF(-r, 0);
        break;
    case QScatterSeries::MarkerShapeStar: shape = corners(10, r + 1, r / 2); break;
    default: shape = corners(5, r, r);
    }
    painter->drawPolygon(shape.translated(centre));
}

/// Returns the height it takes; only measures without a painter.
double SweepView::paintLegend(QPainter *painter) const
{
    if (legend.size() < 2)
        return 4;
    const QFont font = Theme::sans(0.88);
    const QFontMetricsF metrics(font);
    double x = 4;
    double y = 0;
    for (const auto &[name, sign] : legend) {
        const double width = 16 + metrics.horizontalAdvance(name) + 14;
        if (x > 4 && x + width > viewport()->width()) {
            x = 4;
            y += metrics.height() + 2;
        }
        if (painter) {
            paintSign(painter, QPointF(x + 5, y + metrics.height() / 2 + 2), sign);
            painter->setFont(font);
            painter->setPen(colours().dim);
            painter->drawText(QRectF(x + 15, y + 2, width, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter, name);
        }
        x += width;
    }
    return y + metrics.height() + 6;
}

void SweepView::drawForeground(QPainter *painter, const QRectF &rect)
{
    QChartView::drawForeground(painter, rect);
    painter->setRenderHint(QPainter::Antialiasing);
    paintLegend(painter);
    if (goal && chart()) {
        const QPointF at = chart()->mapToPosition({0, *goal}, chart()->series().constFirst());
        const QRectF plot = chart()->plotArea();
        if (at.y() > plot.top() + 4 && at.y() < plot.bottom()) {
            painter->setFont(Theme::sans(0.88));
            painter->setPen(colours().text);
            painter->drawText(QPointF(plot.left() + 6, at.y() - 4), goalText);
        }
    }
    painter->setBrush(Qt::NoBrush);
    const auto drawRing = [&](const QPointF &values, double radius, const QPen &pen) {
        painter->setPen(pen);
        painter->drawEllipse(chart()->mapToPosition(values, chart()->series().constFirst()), radius, radius);
    };
    for (const QPointF &values : picked)
        drawRing(values, 7, QPen(colours().accent, 2.4));
    if (ring)
        drawRing(*ring, 10, QPen(colours().text, 1.6));
}

} // namespace quantscope
