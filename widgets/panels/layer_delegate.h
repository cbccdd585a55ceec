#pragma once

#include <QStyledItemDelegate>

namespace quantscope {

/// Rows of the layer table: weight layers strong, activations dim, problems as a badge with a sign and a count; in a
/// tree what is a name's own, behind the mark that folds a branch and with the number of its layers.
class LayerDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    /// Names of a file are never taken for markup.
    bool helpEvent(QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option,
        const QModelIndex &index) override;
};

/// Where the mark is painted that folds a branch, in the cell of its name.
QRect foldMark(const QRect &cell, const QModelIndex &index);

/// A rounded badge with a sign: "▲ 2" for warnings, "■ 1" for errors, "i" for notes. Returns its width.
int paintBadge(QPainter *painter, const QRect &rect, const QString &severity, const QString &text);

} // namespace quantscope
