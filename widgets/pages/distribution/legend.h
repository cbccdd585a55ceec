#pragma once

#include <QWidget>

class QPainter;

namespace quantscope {

enum class BitVerdict;

/// The legend in one line, from its left.
void paintBitLegend(QPainter &painter, const QRectF &line);

/// What the colours of the bit weight histogram mean; hatched where the bars are.
class BitLegend : public QWidget {
    Q_OBJECT
public:
    explicit BitLegend(QWidget *parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace quantscope
