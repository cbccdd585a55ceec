#pragma once

#include <QString>
#include <QVariant>

namespace quantscope {

/// What a row sorts by: numbers as numbers, texts whatever their case, unknown ones last in both orders.
class SortKey {
public:
    explicit SortKey(const QVariant &value);
    bool standsBefore(const SortKey &other, Qt::SortOrder order) const;

private:
    bool isLess(const SortKey &other) const;

    bool m_isText, m_known;
    double m_number;
    QString m_text;
};

} // namespace quantscope
