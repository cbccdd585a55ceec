#pragma once

#include <QString>
#include <QWidget>

#include <optional>

namespace quantscope {

class ChartActions;

/// A chart painted by hand: how it takes keys and the pointer, what it says when it is empty, and its image.
class PaintedChart : public QWidget {
    Q_OBJECT
public:
    PaintedChart(const QString &fileName, const QString &name, QWidget *parent);
    ChartActions *actions() const { return m_actions; }
    void paint(QPainter &painter, const QSize &size) const;

protected:
    virtual double fontFactor() const = 0;
    virtual int barCount() const = 0;
    /// Called where there is a bar.
    virtual void paintChart(QPainter &painter, const QSize &size) const = 0;
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;
    /// The bar that an arrow, Home or End goes to; null for other keys. -1 where there are no bars.
    std::optional<int> barByKey(int key) const;

    QString m_message; ///< shown instead of no bars
    int m_current = -1;

private:
    ChartActions *m_actions;
};

/// The frame around the bar under the pointer or reached by keys.
void paintCurrentBar(QPainter &painter, const QRectF &rect);

} // namespace quantscope
