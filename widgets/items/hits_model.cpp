#include "items/hits_model.h"

#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

HitsModel::HitsModel(ValuesModel &values, QObject *parent)
    : QAbstractTableModel(parent)
    , m_values(values)
{
    connect(&values, &QAbstractItemModel::dataChanged, this, [this] {
        if (!m_positions.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
    });
}

void HitsModel::setHits(std::vector<std::uint64_t> positions)
{
    beginResetModel();
    m_positions = std::move(positions);
    endResetModel();
}

int HitsModel::rowOf(std::uint64_t flat) const
{
    const auto at = std::ranges::lower_bound(m_positions, flat);
    return at != m_positions.end() && *at == flat ? static_cast<int>(at - m_positions.begin()) : -1;
}

int HitsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_positions.size());
}

int HitsModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : int{ColumnCount}; }

QVariant HitsModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((index.column() == Index ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole || !m_values.slot().readable())
        return {};
    const std::uint64_t flat = flatAt(index.row());
    if (index.column() == Index)
        return indexText(unflatten(flat, m_values.slot().slot->tensor->shape));
    const Element element = m_values.cache().element(flat);
    if (index.column() == Shown)
        return elementText(element, m_values.format(), m_values.form());
    return !element.known ? u"…"_s : element.hasFloat ? storedText(element.original) : u"–"_s;
}

QVariant HitsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section == Index ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    return section == Index ? tr("Index")
        : section == Original
        ? tr("Float in the file")
        : (m_values.form() == ValueForm::Float || !m_values.slot().hasCodes() ? tr("Value") : tr("Code"));
}

} // namespace quantscope
