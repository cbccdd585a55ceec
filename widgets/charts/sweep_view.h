#pragma once

#include <QtCharts/QChart>
#include <QtCharts/QChartView>
#include <QtCharts/QScatterSeries>

#include <QColor>

#include <optional>
#include <utility>
#include <vector>

namespace quantscope {

/// Signs differ in shape, so that colour is not the only carrier.
struct SweepSign {
    QColor colour;
    QScatterSeries::MarkerShape shape;
    Qt::PenStyle pen;
    bool hollow;
};

SweepSign sweepSign(int index);

/// The view with rings around the current and the picked dots and the words at the goal.
class SweepView : public QChartView {
public:
    using QChartView::QChartView;
    std::optional<QPointF> ring; ///< the current dot's values
    std::vector<QPointF> picked; ///< values of dots that were chosen
    std::optional<double> goal;
    QString goalText;
    std::vector<std::pair<QString, int>> legend; ///< name and sign

    /// The chart library's legend cuts names short: this one wraps.
    void placeLegend()
    {
        if (chart())
            chart()->setMargins(QMargins(0, static_cast<int>(paintLegend(nullptr)), 8, 0));
    }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        placeLegend();
        for (QAbstractAxis *axis : chart() ? chart()->axes(Qt::Horizontal) : QList<QAbstractAxis *>())
            axis->setTitleVisible(height() >= 150); // a low chart keeps the numbers
        QChartView::resizeEvent(event);
    }
    void drawForeground(QPainter *painter, const QRectF &rect) override;

private:
    double paintLegend(QPainter *painter) const;
};

} // namespace quantscope
