#include "items/branch_rows.h"

#include "base/text.h"
#include "items/layer_model.h"

#include <algorithm>
#include <limits>

namespace quantscope {

void BranchRows::reset() { m_rows.assign(static_cast<std::size_t>(m_outline.tree().size()), std::nullopt); }

void BranchRows::touch(int layer)
{
    for (int at = m_outline.tree().node(layer).parent; at >= 0; at = m_outline.tree().node(at).parent)
        m_rows[static_cast<std::size_t>(at)].reset();
}

const ListedRow &BranchRows::of(int node) const
{
    if (!m_outline.tree().isBranch(node))
        return m_model->row(node);
    std::optional<ListedRow> &row = m_rows[static_cast<std::size_t>(node)];
    if (row)
        return *row;
    BranchSums sums;
    int place = std::numeric_limits<int>::max();
    for (const int child : m_outline.tree().node(node).children) {
        if (!m_outline.matches(child))
            continue;
        const ListedRow &inside = of(child);
        place = std::min(place, inside.place);
        if (inside.sums)
            sums.add(*inside.sums);
        else if (inside.isLayer)
            sums.add(inside);
    }
    row.emplace();
    static_cast<LayerRow &>(*row) = branchRow(globEscape(m_outline.tree().node(node).prefix) + "*", sums);
    row->isLayer = false;
    row->place = place;
    row->sums = std::move(sums);
    return *row;
}

} // namespace quantscope
