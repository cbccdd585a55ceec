#include "items/layer_proxy.h"

#include "items/layer_columns.h"
#include "items/layer_model.h"
#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

LayerProxy::LayerProxy(QObject *parent)
    : ListedLayers(parent)
{
    connect(this, &QAbstractItemModel::rowsInserted, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::rowsRemoved, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::modelReset, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::layoutChanged, this, &LayerProxy::dropLanes);
    connect(this, &ListedLayers::sorted, this, &LayerProxy::dropLanes);
}

LayerProxy::~LayerProxy() = default;

void LayerProxy::setSourceModel(QAbstractItemModel *model)
{
    ListedLayers::setSourceModel(model);
    connect(layers(), &LayerModel::flowChanged, this, [this] {
        m_lanes.dropNotes();
        Q_EMIT lanesChanged();
    });
}

void LayerProxy::dropLanes()
{
    m_lanes.drop();
    Q_EMIT lanesChanged();
}

QVariant LayerProxy::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const int node = nodeAt(index.row());
    const bool branch = isBranch(index.row());
    const LayerTree::Node &placed = outline().tree().node(node);
    switch (role) {
    case DepthRole: return outline().hasBranches() ? placed.depth + 1 : 0;
    case BranchRole: return branch ? QVariant(static_cast<int>(rowOfNode(node).sums->layers)) : QVariant();
    case HoldsPathRole: return branch && holdsPath(node);
    case UnfoldedRole: return branch && outline().isOpen(node);
    case LabelRole: {
        const std::string &whole = branch ? placed.prefix : layers()->row(node).name;
        const std::size_t from = outline().hasBranches() ? placed.labelAt : 0;
        return shownText(whole.substr(from, whole.size() - from - (branch ? 1 : 0)));
    }
    default: return branch ? branchData(node, index.column(), role) : layerData(index, role);
    }
}

QVariant LayerProxy::branchData(int branch, int column, int role) const
{
    const RowColumn<ListedRow> &cells = layerColumns()[static_cast<std::size_t>(column)].cells;
    const ListedRow &row = rowOfNode(branch);
    switch (role) {
    case Qt::DisplayRole: return cells.text(row);
    case Qt::TextAlignmentRole: return QVariant(cells.alignment);
    case kValueRole: return cells.value ? cells.value(row) : QVariant(cells.text(row));
    case Qt::ToolTipRole: return cells.tip ? cells.tip(row) : QString();
    case Qt::AccessibleDescriptionRole:
        return u"branch of %1, %2"_s.arg(
            countText(row.sums->layers, u"layer"_s), outline().isOpen(branch) ? u"unfolded"_s : u"folded"_s);
    default: return LayerModel::roleOf(row, column, role);
    }
}

QVariant LayerProxy::layerData(const QModelIndex &index, int role) const
{
    const bool flows
        = role == LayerModel::LanesRole || role == Qt::ToolTipRole || role == Qt::AccessibleDescriptionRole;
    const LayerLanes *drawn = flows && index.column() == LayerModel::Name ? lanes() : nullptr;
    if (drawn == nullptr || (role != LayerModel::LanesRole && layers()->row(nodeAt(index.row())).onlyInSecond))
        return ListedLayers::data(index, role);
    if (role == LayerModel::LanesRole)
        return QVariant::fromValue(drawn->cell(index.row()));
    if (role == Qt::AccessibleDescriptionRole)
        return drawn->description(index.row());
    return (QStringList(ListedLayers::data(index, role).toString()) + drawn->tipLines(index.row())).join(u'\n');
}

bool LayerProxy::holdsPath(int branch) const
{
    const int row = layers()->rowOf(m_path);
    const std::vector<int> around = row < 0 ? std::vector<int>() : outline().branchesAround(row);
    return std::ranges::find(around, branch) != around.end() && !outline().isOpen(branch);
}

void LayerProxy::showPathOf(const QString &layer)
{
    m_path = layer;
    m_lanes.showPathOf(pathRow());
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, LayerModel::Name), index(rowCount() - 1, LayerModel::Name),
            {LayerModel::LanesRole, HoldsPathRole});
}

std::optional<int> LayerProxy::pathRow() const
{
    const QModelIndex shown = mapFromSource(layers()->index(layers()->rowOf(m_path), LayerModel::Name));
    return shown.isValid() ? std::optional(shown.row()) : std::nullopt;
}

/// Only in the order of the flow, which a tree with branches leaves.
const LayerLanes *LayerProxy::lanes() const
{
    const bool inOrder = sortColumn() == LayerModel::Name && sortOrder() == Qt::AscendingOrder;
    if (!inOrder || outline().hasBranches() || layers()->network() == nullptr)
        return nullptr;
    const auto entries = [this] {
        std::vector<LaneEntry> found;
        for (const int node : outline().rows())
            found.push_back({qs(layers()->row(node).name), layers()->row(node).node, layers()->row(node).isLayer});
        return found;
    };
    return m_lanes.of(layers()->network(), entries, [this] { return pathRow(); });
}

} // namespace quantscope
