#include "items/slice.h"

#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::int64_t kWrap = 16;

Slice::Slice(Shape shape, std::vector<QString> names, int channelAxis)
    : m_shape(std::move(shape))
    , m_names(std::move(names))
{
    const std::size_t rank = m_shape.size();
    for (std::size_t axis = m_names.size(); axis < rank; ++axis)
        m_names.push_back(u"a"_s + QString::number(axis));
    m_fixed.assign(rank, 0);
    m_roles.assign(rank, Role::Fixed);
    m_total = 1;
    for (const std::int64_t size : m_shape)
        m_total *= static_cast<std::uint64_t>(size);
    if (rank == 0)
        return;
    const std::size_t columns = rank <= 3 ? 1 : 2;
    for (std::size_t axis = rank - std::min(columns, rank); axis < rank; ++axis)
        m_roles[axis] = Role::Columns;
    if (rank <= columns)
        return;
    std::size_t rows = rank - columns - 1; // an axis of one element makes a poor list of rows
    for (std::size_t axis = rows; axis-- > 0 && m_shape[rows] <= 1;)
        if (m_shape[axis] > 1)
            rows = axis;
    m_roles[rows] = Role::Rows;
    if (rank == 2 && channelAxis == 1)
        setRole(1, Role::Rows);
}

void Slice::setRole(std::size_t axis, Role role)
{
    if (m_roles[axis] == role || wraps())
        return;
    const auto holder = rowAxis();
    if (role == Role::Rows && holder) {
        m_roles[*holder] = m_roles[axis];
    } else if (m_roles[axis] == Role::Rows) { // the rows have to go somewhere: to the first axis that is free
        std::size_t next = 0;
        while (next < rank() && (next == axis || m_roles[next] != role))
            ++next;
        for (std::size_t other = 0; next == rank() && other < rank(); ++other)
            if (other != axis)
                next = other;
        m_roles[next] = Role::Rows;
    }
    m_roles[axis] = role;
}

void Slice::setFixed(std::size_t axis, std::int64_t index)
{
    m_fixed[axis] = std::clamp<std::int64_t>(index, 0, std::max<std::int64_t>(0, m_shape[axis] - 1));
}

void Slice::show(std::span<const std::int64_t> index)
{
    for (std::size_t axis = 0; axis < rank(); ++axis)
        setFixed(axis, index[axis]);
}

std::optional<std::size_t> Slice::rowAxis() const
{
    const auto found = std::find(m_roles.begin(), m_roles.end(), Role::Rows);
    return found == m_roles.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - m_roles.begin()));
}

std::vector<std::size_t> Slice::columnAxes() const
{
    std::vector<std::size_t> axes;
    for (std::size_t axis = 0; axis < rank(); ++axis)
        if (m_roles[axis] == Role::Columns)
            axes.push_back(axis);
    return axes;
}

std::int64_t Slice::rows() const
{
    if (m_total == 0)
        return 0;
    if (wraps())
        return std::min<std::int64_t>(kMaxRows, static_cast<std::int64_t>((m_total + kWrap - 1) / kWrap));
    const auto axis = rowAxis();
    return axis ? std::min(m_shape[*axis], kMaxRows) : 1;
}

std::int64_t Slice::columns() const
{
    if (m_total == 0)
        return 0;
    if (wraps())
        return std::min<std::int64_t>(kWrap, static_cast<std::int64_t>(m_total));
    std::int64_t count = 1;
    for (const std::size_t axis : columnAxes())
        count = std::min(kMaxColumns, count * std::min(kMaxColumns, m_shape[axis])); // both below 2^20: no overflow
    return count;
}

std::uint64_t Slice::shown() const
{
    const auto cells = static_cast<std::uint64_t>(rows()) * static_cast<std::uint64_t>(columns());
    return wraps() ? std::min(cells, m_total) : cells;
}

std::int64_t Slice::columnIndex(std::int64_t column, std::size_t level) const
{
    const auto axes = columnAxes();
    for (std::size_t k = axes.size(); k-- > level + 1;)
        column /= m_shape[axes[k]];
    return column % m_shape[axes[level]];
}

std::optional<std::uint64_t> Slice::flat(std::int64_t row, std::int64_t column) const
{
    if (wraps()) {
        const auto at = static_cast<std::uint64_t>(row * kWrap + column);
        return at < m_total ? std::optional(at) : std::nullopt;
    }
    std::vector<std::int64_t> index = m_fixed;
    if (const auto axis = rowAxis())
        index[*axis] = row;
    const auto axes = columnAxes();
    for (std::size_t k = axes.size(); k-- > 0;) {
        index[axes[k]] = column % m_shape[axes[k]];
        column /= m_shape[axes[k]];
    }
    return flatIndex(index, m_shape);
}

std::optional<std::pair<std::int64_t, std::int64_t>> Slice::cell(std::span<const std::int64_t> index) const
{
    if (wraps()) {
        const std::int64_t at = index.empty() ? 0 : index[0];
        return std::pair(at / kWrap, at % kWrap);
    }
    std::int64_t row = 0;
    std::int64_t column = 0;
    for (std::size_t axis = 0; axis < rank(); ++axis) {
        if (m_roles[axis] == Role::Fixed && index[axis] != m_fixed[axis])
            return std::nullopt;
        if (m_roles[axis] == Role::Rows)
            row = index[axis];
        if (m_roles[axis] == Role::Columns)
            column = column * m_shape[axis] + index[axis];
    }
    if (row >= rows() || column >= columns())
        return std::nullopt;
    return std::pair(row, column);
}

QString Slice::transposedOrder() const
{
    const auto row = rowAxis();
    const auto columns = columnAxes();
    if (!row || columns.empty() || *row < columns.front())
        return {};
    QString order = u"["_s + m_names[*row] + u"]"_s;
    for (const std::size_t axis : columns)
        order += u"["_s + m_names[axis] + u"]"_s;
    return order;
}

QString Slice::rowTitle(std::int64_t row) const
{
    if (wraps())
        return QString::number(row * kWrap);
    const auto axis = rowAxis();
    return axis ? m_names[*axis] + u"="_s + QString::number(row) : QString();
}

QString Slice::columnTitle(std::int64_t column, std::size_t level) const
{
    if (wraps())
        return u"+"_s + QString::number(column);
    const auto axes = columnAxes();
    if (level >= axes.size())
        return {};
    return m_names[axes[level]] + u"="_s + QString::number(columnIndex(column, level));
}

std::int64_t Slice::groupWidth() const
{
    const auto axes = columnAxes();
    return axes.size() < 2 ? 0 : m_shape[axes.back()];
}

} // namespace quantscope
