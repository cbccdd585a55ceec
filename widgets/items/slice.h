#pragma once

#include "tensor/tensor.h"

#include <QString>

#include <cstdint>
#include <optional>
#include <vector>

namespace quantscope {

/// A 2-D view of a tensor: one axis as rows, any axes as columns (the last one runs fastest), the others fixed.
/// Qt's tables end at 71 million rows, so a tensor is never one long list.
class Slice {
public:
    static constexpr std::int64_t kMaxRows = 10'000'000;
    static constexpr std::int64_t kMaxColumns = 1'000'000;
    enum class Role { Rows, Columns, Fixed };

    Slice() = default;
    /// The view that shows most at once: the last two axes of up to 3 as columns, the one before as rows, the rest
    /// fixed. A vector is wrapped into rows of 16. The rows of a matrix are its output channels, wherever these lie.
    explicit Slice(Shape shape, std::vector<QString> names = {}, int channelAxis = 0);

    const Shape &shape() const { return m_shape; }
    const std::vector<QString> &names() const { return m_names; }
    std::size_t rank() const { return m_shape.size(); }
    Role role(std::size_t axis) const { return m_roles[axis]; }
    /// Gives an axis a role. Exactly one axis has the rows: the axis that had them takes the other's old role.
    void setRole(std::size_t axis, Role role);
    std::int64_t fixed(std::size_t axis) const { return m_fixed[axis]; }
    void setFixed(std::size_t axis, std::int64_t index);
    /// Fixes the axes so that the element is in view.
    void show(std::span<const std::int64_t> index);

    std::int64_t rows() const; ///< at most kMaxRows
    std::int64_t columns() const; ///< at most kMaxColumns
    std::uint64_t shown() const; ///< elements in view
    std::uint64_t total() const { return m_total; }
    /// Row-major position of a cell; nullopt in the unfilled end of a wrapped vector.
    std::optional<std::uint64_t> flat(std::int64_t row, std::int64_t column) const;
    /// The cell of an element, nullopt when it is not in view.
    std::optional<std::pair<std::int64_t, std::int64_t>> cell(std::span<const std::int64_t> index) const;

    std::vector<std::size_t> columnAxes() const;
    std::optional<std::size_t> rowAxis() const;
    /// "[o][i]" where the rows run along an axis that is stored behind one of the columns: row by row, the view is not
    /// in the tensor's own order. Empty elsewhere.
    QString transposedOrder() const;
    QString rowTitle(std::int64_t row) const;
    /// Title of one level of the column header: level 0 is the outermost axis.
    QString columnTitle(std::int64_t column, std::size_t level) const;
    /// Columns that share the title of the level above the innermost; 0 when there is one level.
    std::int64_t groupWidth() const;

private:
    bool wraps() const { return m_shape.size() <= 1; }
    std::int64_t columnIndex(std::int64_t column, std::size_t level) const;

    Shape m_shape;
    std::vector<QString> m_names;
    std::vector<Role> m_roles;
    std::vector<std::int64_t> m_fixed;
    std::uint64_t m_total = 0;
};

} // namespace quantscope
