#pragma once

#include <QSortFilterProxyModel>

namespace quantscope {

/// Sorts by the values behind the cells (kValueRole): numbers as numbers, texts whatever their case, unknown ones last
/// in both orders.
class ValueProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit ValueProxy(QObject *parent = nullptr);

protected:
    bool lessThan(const QModelIndex &left, const QModelIndex &right) const override;
};

} // namespace quantscope
