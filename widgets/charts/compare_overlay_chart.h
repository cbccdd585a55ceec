#pragma once

#include "charts/painted_chart.h"
#include "items/compare_overlay.h"

namespace quantscope {

/// Two candidates as pairs of bars with a logarithmic count: the first plain, the second hatched, its clipped part red.
class CompareOverlayChart : public PaintedChart {
    Q_OBJECT
public:
    explicit CompareOverlayChart(QWidget *parent = nullptr);
    void setOverlay(Overlay overlay);
    void showMessage(const QString &text);
    const Overlay &overlay() const { return m_overlay; }
    QSize sizeHint() const override { return {380, 120}; }
    QSize minimumSizeHint() const override { return {220, 120}; }

protected:
    double fontFactor() const override { return 0.85; }
    int barCount() const override { return static_cast<int>(m_overlay.bars.size()); }
    void paintChart(QPainter &painter, const QSize &size) const override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QRectF plot(const QSize &size) const;
    double decades() const;
    double heightOf(std::uint64_t count, const QRectF &plot) const;
    void paintLegend(QPainter &painter, const QSize &size) const;
    void paintGrid(QPainter &painter, const QRectF &plot) const;
    void paintBars(QPainter &painter, const QRectF &plot) const;
    QString describe(int bar) const;
    void setCurrent(int bar);

    Overlay m_overlay;
};

} // namespace quantscope
