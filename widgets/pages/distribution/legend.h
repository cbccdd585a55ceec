#pragma once

#include <QWidget>

namespace quantscope {

enum class BitVerdict;

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
