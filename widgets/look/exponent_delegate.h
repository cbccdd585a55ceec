#pragma once

#include <QStyledItemDelegate>

namespace quantscope {

/// Cells with exponents that can be read, at the place where text without them stands.
class ExponentDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace quantscope
