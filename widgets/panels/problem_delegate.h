#pragma once

#include <QStyledItemDelegate>

namespace quantscope {

/// Rows of the problems: badge, layer and sentence, the current row with what to do; groups in bold with a triangle.
/// Sentences wrap where the rows are measured, and are cut to one line where they are too many for that.
class ProblemDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    /// Names of a file are never taken for markup.
    bool helpEvent(QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option,
        const QModelIndex &index) override;
};

} // namespace quantscope
