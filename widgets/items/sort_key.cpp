#include "items/sort_key.h"

#include <cmath>

namespace quantscope {

SortKey::SortKey(const QVariant &value)
    : m_isText(value.typeId() == QMetaType::QString)
    , m_known(value.isValid() && (m_isText || !std::isnan(value.toDouble())))
    , m_number(m_isText ? 0 : value.toDouble())
    , m_text(m_isText ? value.toString() : QString())
{
}

bool SortKey::standsBefore(const SortKey &other, Qt::SortOrder order) const
{
    if (!m_known || !other.m_known)
        return m_known && !other.m_known;
    return order == Qt::AscendingOrder ? isLess(other) : other.isLess(*this);
}

bool SortKey::isLess(const SortKey &other) const
{
    return m_isText ? QString::compare(m_text, other.m_text, Qt::CaseInsensitive) < 0 : m_number < other.m_number;
}

} // namespace quantscope
