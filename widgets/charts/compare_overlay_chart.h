#pragma once

#include "items/compare_overlay.h"

#include <QWidget>

namespace quantscope {

class ChartActions;

/// Two candidates as pairs of bars with a logarithmic count: the first plain, the second hatched, its clipped part red.
class CompareOverlayChart : public QWidget {
    Q_OBJECT
public:
    explicit CompareOverlayChart(QWidget *parent = nullptr);
    void setOverlay(Overlay overlay);
    void showMessage(const QString &text);
    const Overlay &overlay() const { return m_overlay; }
    ChartActions *actions() const { return m_actions; }
    QSize sizeHint() const override { return {380, 200}; }
    QSize minimumSizeHint() const override { return {220, 120}; }
    void paint(QPainter &painter, const QSize &size) const;

protected:
    void paintEvent(QPaintEvent *event) override;
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
    QString m_message;
    int m_current = -1;
    ChartActions *m_actions;
};

} // namespace quantscope
