#pragma once

#include "items/model_summary.h"

#include <QWidget>

namespace quantscope {

/// The bits of a model as one bar, a part for each layer; a click on a part, or Enter, goes to its layer.
class BitsBar : public QWidget {
    Q_OBJECT
public:
    explicit BitsBar(QWidget *parent = nullptr);
    void setSummary(const ModelSummary &summary);
    QSize sizeHint() const override { return {400, 46}; }

Q_SIGNALS:
    void activated(const QString &layer);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QRectF partOf(std::size_t at) const;
    int partAt(const QPointF &position) const;
    QString describe(int at) const;

    ModelSummary m_summary;
    int m_current = -1; ///< where keys are
};

} // namespace quantscope
