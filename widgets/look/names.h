#pragma once

#include "look/controls.h"

#include <QStyledItemDelegate>

namespace quantscope {

/// A layer's name in a width: leading parts give way first, but for the number at the end of the last of them, since
/// layers differ by numbers and ends: "…3.block1.conv" of "backbone.stage3.block1.conv". Where the part before the last
/// has no number, its first letters stay: "…input_g….weight". A last part that is too wide by itself is cut in its
/// middle.
QString elidedName(const QFontMetrics &metrics, const QString &name, int width);

/// A layer's name, whole in the tooltip.
class NameLabel : public ElidedLabel {
public:
    explicit NameLabel(QWidget *parent = nullptr);
    /// "shown for NAME": the words in front stay whole.
    void setName(const QString &name, const QString &before = {});

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_before;
};

/// Cells of a column of names, whole in the tooltip unless the model has another.
class NameDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    bool helpEvent(QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option,
        const QModelIndex &index) override;
};

} // namespace quantscope
