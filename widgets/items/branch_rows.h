#pragma once

#include "items/layer_outline.h"
#include "items/listed_row.h"

#include <optional>
#include <vector>

namespace quantscope {

class LayerModel;

/// Rows of a list's nodes: a layer's own, and for a branch what those of its layers that match come to, added up when
/// it is looked at.
class BranchRows {
public:
    explicit BranchRows(const LayerOutline &outline)
        : m_outline(outline)
    {
    }
    void setModel(const LayerModel *model) { m_model = model; }
    void reset(); ///< other layers, or other rows of all of them
    void touch(int layer); ///< one layer's row is another
    const ListedRow &of(int node) const;

private:
    const LayerOutline &m_outline;
    const LayerModel *m_model = nullptr;
    mutable std::vector<std::optional<ListedRow>> m_rows; ///< of each node that is a branch
};

} // namespace quantscope
