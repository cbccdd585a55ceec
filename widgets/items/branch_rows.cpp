#include "items/branch_rows.h"

#include "base/text.h"
#include "items/layer_model.h"
#include "items/text.h"

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kProposed = 0, kChange = LayerModel::Change - LayerModel::Proposed;

namespace {

/// Of what is proposed a branch tells for how many of its layers.
struct ProposedCount {
    int layers = 0;
    GivenCell::Tone tone = GivenCell::Tone::Plain;

    void add(const ListedRow &inside)
    {
        const std::optional<GivenCell> &cell = inside.given[kProposed];
        if (!cell)
            return;
        layers += inside.sums ? cell->value.toInt() : 1;
        tone = std::max(tone, cell->tone);
    }
    std::optional<GivenCell> cell() const
    {
        if (layers == 0)
            return std::nullopt;
        return GivenCell{countText(static_cast<std::uint64_t>(layers), u"layer"_s),
            u"layers of the branch that have a proposal"_s, layers, tone};
    }
};

} // namespace

/// Of what differs from the other model it tells the most.
static void takeLargestChange(std::optional<GivenCell> &most, const ListedRow &inside)
{
    const std::optional<GivenCell> &cell = inside.given[kChange];
    if (!cell || (most && cell->value.toDouble() <= most->value.toDouble()))
        return;
    most = cell;
    if (!inside.sums)
        most->tip = u"the most of the branch: %1\n%2"_s.arg(shownText(inside.name), cell->tip).trimmed();
}

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
    std::array<std::optional<GivenCell>, kGivenColumns> given;
    ProposedCount proposed;
    BranchSums sums;
    int place = std::numeric_limits<int>::max();
    for (const int child : m_outline.tree().node(node).children) {
        if (!m_outline.matches(child))
            continue;
        const ListedRow &inside = of(child);
        place = std::min(place, inside.place);
        proposed.add(inside);
        takeLargestChange(given[kChange], inside);
        if (inside.sums)
            sums.add(*inside.sums);
        else if (inside.isLayer)
            sums.add(inside);
    }
    given[kProposed] = proposed.cell();
    row.emplace();
    static_cast<LayerRow &>(*row) = branchRow(globEscape(m_outline.tree().node(node).prefix) + "*", sums);
    row->isLayer = false;
    row->place = place;
    row->sums = std::move(sums);
    row->given = std::move(given);
    return *row;
}

} // namespace quantscope
