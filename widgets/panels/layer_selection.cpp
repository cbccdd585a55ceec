#include "panels/layer_selection.h"

#include "items/layer_model.h"

#include <QItemSelectionModel>

#include <algorithm>

namespace quantscope {

static std::vector<bool> rowsIn(const QItemSelection &selection, int count)
{
    std::vector<bool> rows(static_cast<std::size_t>(count));
    for (const QItemSelectionRange &range : selection)
        for (int row = range.top(); row <= range.bottom() && row < count; ++row)
            rows[static_cast<std::size_t>(row)] = true;
    return rows;
}

/// Branches that went, and none of the layers in them: somebody took them out.
static std::vector<int> branchesTakenOut(const LayerProxy &rows, const std::vector<bool> &gone)
{
    std::vector<int> branches;
    for (int row = 0; row < static_cast<int>(gone.size()); ++row) {
        if (!gone[static_cast<std::size_t>(row)])
            continue;
        if (!rows.isBranch(row))
            return {};
        branches.push_back(row);
    }
    return branches;
}

/// A branch shows a layer with weights, where it has one.
static int shownOf(const LayerProxy &rows, const LayerModel &layers, int row)
{
    const std::vector<int> inside = rows.layersOf(row);
    const auto weights = std::ranges::find_if(inside, [&](int layer) { return layers.row(layer).hasWeights; });
    return inside.empty() ? -1 : weights == inside.end() ? inside.front() : *weights;
}

QStringList chosenLayers(const LayerProxy &rows, const LayerModel &layers, const QItemSelectionModel &selection,
    const QItemSelection &now, const QItemSelection &gone)
{
    const int count = rows.rowCount();
    const std::vector<bool> selected = rowsIn(selection.selection(), count), added = rowsIn(now, count);
    std::vector<bool> listed(static_cast<std::size_t>(layers.rowCount()));
    for (const int branch : branchesTakenOut(rows, rowsIn(gone, count)))
        for (const int layer : rows.layersOf(branch))
            listed[static_cast<std::size_t>(layer)] = true; // it is not taken
    QStringList names;
    const auto take = [&](int layer) {
        if (!listed[static_cast<std::size_t>(layer)] && layers.row(layer).isLayer)
            names << layers.nameAt(layer);
        listed[static_cast<std::size_t>(layer)] = true;
    };
    const QModelIndex current = selection.currentIndex();
    if (current.isValid() && selected[static_cast<std::size_t>(current.row())])
        if (const int layer = shownOf(rows, layers, current.row()); layer >= 0)
            take(layer);
    for (int row = 0; row < count; ++row) {
        const auto at = static_cast<std::size_t>(row);
        if (selected[at] && (!rows.isUnfolded(row) || added[at]))
            for (const int layer : rows.layersOf(row))
                take(layer);
    }
    return names;
}

QItemSelection selectionOf(const LayerProxy &rows, const QStringList &layers)
{
    QItemSelection selection;
    const std::vector<bool> with = rows.rowsWith(layers);
    const int count = static_cast<int>(with.size());
    for (int row = 0; row < count; ++row) {
        if (!with[static_cast<std::size_t>(row)])
            continue;
        const int first = row;
        while (row + 1 < count && with[static_cast<std::size_t>(row) + 1])
            ++row;
        selection.append(QItemSelectionRange(rows.index(first, 0), rows.index(row, LayerModel::NUM_COLUMNS - 1)));
    }
    return selection;
}

} // namespace quantscope
