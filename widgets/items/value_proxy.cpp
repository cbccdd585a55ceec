#include "items/value_proxy.h"

#include "items/row_model.h"

#include <cmath>

namespace quantscope {

static bool isKnown(const QVariant &value)
{
    return value.isValid() && !(value.typeId() == QMetaType::Double && std::isnan(value.toDouble()));
}

ValueProxy::ValueProxy(QObject *parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(kValueRole);
    setDynamicSortFilter(true);
}

bool ValueProxy::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (!isKnown(a) || !isKnown(b))
        return isKnown(a) == (sortOrder() == Qt::AscendingOrder) && isKnown(a) != isKnown(b);
    if (a.typeId() == QMetaType::QString)
        return QString::compare(a.toString(), b.toString(), Qt::CaseInsensitive) < 0;
    return a.toDouble() < b.toDouble();
}

} // namespace quantscope
