#pragma once

#include <QWidget>

namespace quantscope {

/// The place to drop a model on: an arrow into a word with its binary point, and what can be read.
class DropZone : public QWidget {
    Q_OBJECT
public:
    explicit DropZone(QWidget *parent = nullptr);

    QSize sizeHint() const override { return {350, QWidget::sizeHint().height()}; }
    QSize minimumSizeHint() const override { return {250, QWidget::minimumSizeHint().height()}; }

Q_SIGNALS:
    void chooseRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace quantscope
