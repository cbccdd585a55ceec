#include "items/listed_layers.h"

#include "base/text.h"
#include "items/layer_columns.h"
#include "items/layer_model.h"
#include "items/sort_key.h"
#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kLaterMs = 100; ///< between two looks at rows that change one after the other

ListedLayers::ListedLayers(QObject *parent)
    : QAbstractProxyModel(parent)
{
    m_later.setSingleShot(true);
    m_later.setInterval(kLaterMs);
    connect(&m_later, &QTimer::timeout, this, &ListedLayers::rebuild);
}

ListedLayers::~ListedLayers() = default;

void ListedLayers::setSourceModel(QAbstractItemModel *model)
{
    m_layers = static_cast<LayerModel *>(model);
    m_branches.setModel(m_layers);
    QAbstractProxyModel::setSourceModel(model);
    connect(m_layers, &QAbstractItemModel::modelAboutToBeReset, this, [this] { beginResetModel(); });
    connect(m_layers, &QAbstractItemModel::modelReset, this, &ListedLayers::onSourceReset);
    connect(m_layers, &QAbstractItemModel::dataChanged, this, &ListedLayers::onSourceChanged);
    beginResetModel();
    onSourceReset();
}

void ListedLayers::onSourceReset()
{
    m_later.stop();
    std::vector<std::string_view> names;
    names.reserve(m_layers->rows().size());
    for (const ListedRow &row : m_layers->rows())
        names.push_back(row.name);
    const QStringList open = m_outline.openBranches();
    m_outline.setNames(names);
    m_outline.setOpenBranches(open);
    m_outline.setMatches(matches(), isFiltered());
    arrange();
    m_outline.setRows(m_outline.listed());
    endResetModel();
}

/// One row that changes may match no more, or stand elsewhere: its place is looked at later, with those that follow.
void ListedLayers::onSourceChanged(const QModelIndex &from, const QModelIndex &to)
{
    if (from.row() != to.row()) {
        rebuild();
        if (rowCount() > 0)
            Q_EMIT dataChanged(index(0, from.column()), index(rowCount() - 1, to.column()));
        return;
    }
    m_branches.touch(from.row());
    std::vector<int> changed = m_outline.branchesAround(from.row());
    changed.push_back(from.row());
    for (const int node : changed)
        if (const int row = m_outline.rowOf(node); row >= 0)
            Q_EMIT dataChanged(index(row, from.column()), index(row, to.column()));
    if ((isFiltered() || m_sortColumn >= from.column()) && !m_later.isActive())
        m_later.start();
}

std::vector<bool> ListedLayers::matches()
{
    const std::vector<ListedRow> &rows = m_layers->rows();
    std::vector<bool> found(rows.size(), true);
    m_layersShown = 0;
    for (std::size_t at = 0; at < rows.size(); ++at) {
        found[at] = !isFiltered() || m_filter.matches(rows[at]);
        m_layersShown += found[at] && rows[at].isLayer ? 1 : 0;
    }
    return found;
}

QString ListedLayers::setFilterText(const QString &text)
{
    m_filter = parseLayerFilter(text);
    if (m_layers != nullptr) {
        m_outline.setMatches(matches(), isFiltered());
        arrange();
        show(m_outline.listed());
    }
    return m_filter.error;
}

void ListedLayers::setTree(bool tree)
{
    if (tree == m_outline.isTree())
        return;
    m_outline.setTree(tree);
    arrange();
    show(m_outline.listed());
}

void ListedLayers::rebuild()
{
    m_later.stop();
    m_outline.updateMatches(matches());
    arrange();
    show(m_outline.listed());
}

void ListedLayers::arrange()
{
    m_branches.reset();
    m_outline.arrange(m_sortColumn < 0 ? LayerOutline::Sort() : [this](std::vector<int> &nodes) { sortNodes(nodes); });
}

void ListedLayers::sortNodes(std::vector<int> &nodes) const
{
    const RowColumn<ListedRow> &cells = layerColumns()[static_cast<std::size_t>(m_sortColumn)].cells;
    std::vector<std::pair<SortKey, int>> keyed;
    keyed.reserve(nodes.size());
    for (const int node : nodes) {
        const ListedRow &row = m_branches.of(node);
        keyed.emplace_back(SortKey(cells.value ? cells.value(row) : QVariant(cells.text(row))), node);
    }
    std::ranges::stable_sort(
        keyed, [this](const auto &a, const auto &b) { return a.first.standsBefore(b.first, m_sortOrder); });
    std::ranges::transform(keyed, nodes.begin(), [](const auto &one) { return one.second; });
}

/// Rows that only stand elsewhere keep what is selected of them.
void ListedLayers::show(std::vector<int> rows)
{
    if (rows == m_outline.rows())
        return;
    std::vector<int> before = m_outline.rows(), now = rows;
    std::ranges::sort(before);
    std::ranges::sort(now);
    if (before == now)
        return reorder(std::move(rows));
    beginResetModel();
    m_outline.setRows(std::move(rows));
    endResetModel();
}

void ListedLayers::reorder(std::vector<int> rows)
{
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    const std::vector<int> before = m_outline.rows();
    m_outline.setRows(std::move(rows));
    const QModelIndexList kept = persistentIndexList();
    QModelIndexList moved;
    for (const QModelIndex &old : kept)
        moved << index(m_outline.rowOf(before[static_cast<std::size_t>(old.row())]), old.column());
    changePersistentIndexList(kept, moved);
    Q_EMIT layoutChanged({}, VerticalSortHint);
}

void ListedLayers::sort(int column, Qt::SortOrder order)
{
    m_sortColumn = column;
    m_sortOrder = order;
    arrange();
    show(m_outline.listed());
    Q_EMIT sorted();
}

bool ListedLayers::isBranch(int row) const { return m_outline.hasBranches() && m_outline.tree().isBranch(nodeAt(row)); }

bool ListedLayers::isUnfolded(int row) const { return isBranch(row) && m_outline.isOpen(nodeAt(row)); }

void ListedLayers::setUnfolded(int row, bool unfolded)
{
    if (isBranch(row) && isUnfolded(row) != unfolded)
        setOpen(row, unfolded);
}

/// The rows of a branch stand in one piece under it: those that stay keep what is selected of them.
void ListedLayers::setOpen(int row, bool open)
{
    m_outline.setOpen(nodeAt(row), open);
    std::vector<int> rows = m_outline.listed();
    const int more = static_cast<int>(rows.size()) - rowCount();
    if (more > 0)
        beginInsertRows({}, row + 1, row + more);
    else if (more < 0)
        beginRemoveRows({}, row + 1, row - more);
    m_outline.setRows(std::move(rows));
    if (more > 0)
        endInsertRows();
    else if (more < 0)
        endRemoveRows();
    Q_EMIT dataChanged(index(row, LayerModel::Name), index(row, LayerModel::Name));
}

void ListedLayers::setAllUnfolded(int row, bool unfolded)
{
    if (row < 0) {
        m_outline.openAll(unfolded);
        return show(m_outline.listed());
    }
    if (!isBranch(row))
        return;
    setUnfolded(row, false);
    m_outline.openAllIn(nodeAt(row), unfolded);
    m_outline.setOpen(nodeAt(row), false);
    setUnfolded(row, unfolded);
}

void ListedLayers::unfoldUpTo(int rows)
{
    m_outline.openUpTo(static_cast<std::size_t>(rows));
    show(m_outline.listed());
}

bool ListedLayers::reveal(int sourceRow)
{
    if (sourceRow < 0 || !m_outline.matches(sourceRow))
        return false;
    const std::vector<int> around = m_outline.branchesAround(sourceRow);
    for (auto branch = around.rbegin(); branch != around.rend(); ++branch)
        setUnfolded(m_outline.rowOf(*branch), true);
    return true;
}

int ListedLayers::branchOf(int row) const
{
    const std::vector<int> around = m_outline.branchesAround(nodeAt(row));
    return around.empty() ? -1 : m_outline.rowOf(around.front());
}

QString ListedLayers::patternOf(int row) const
{
    const int node = nodeAt(row);
    return isBranch(row) ? qs(globEscape(m_outline.tree().node(node).prefix) + "*")
                         : qs(globEscape(m_layers->row(node).name));
}

std::vector<int> ListedLayers::layersOf(int row) const
{
    std::vector<int> layers = m_outline.layersOf(nodeAt(row));
    std::erase_if(layers, [this](int layer) { return !m_layers->row(layer).isLayer; });
    return layers;
}

int ListedLayers::nextLayer(int sourceRow, int by, bool weightsOnly) const
{
    return m_outline.next(sourceRow, by, [this, weightsOnly](int layer) {
        const ListedRow &row = m_layers->row(layer);
        return row.isLayer && (row.hasWeights || !weightsOnly);
    });
}

void ListedLayers::setUnfoldedBranches(const QStringList &prefixes)
{
    m_outline.setOpenBranches(prefixes);
    show(m_outline.listed());
}

QModelIndex ListedLayers::mapToSource(const QModelIndex &index) const
{
    return index.isValid() && !isBranch(index.row()) ? m_layers->index(nodeAt(index.row()), index.column())
                                                     : QModelIndex();
}

QModelIndex ListedLayers::mapFromSource(const QModelIndex &index) const
{
    const int row = index.isValid() ? m_outline.rowOf(index.row()) : -1;
    return row < 0 ? QModelIndex() : createIndex(row, index.column());
}

QModelIndex ListedLayers::index(int row, int column, const QModelIndex &parent) const
{
    return hasIndex(row, column, parent) ? createIndex(row, column) : QModelIndex();
}

bool ListedLayers::hasChildren(const QModelIndex &parent) const { return !parent.isValid() && rowCount() > 0; }

int ListedLayers::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_outline.rows().size());
}

int ListedLayers::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() || m_layers == nullptr ? 0 : m_layers->columnCount();
}

Qt::ItemFlags ListedLayers::flags(const QModelIndex &index) const
{
    return index.isValid() && isBranch(index.row())
        ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren
        : QAbstractProxyModel::flags(index);
}

QVariant ListedLayers::headerData(int section, Qt::Orientation orientation, int role) const
{
    return m_layers != nullptr && orientation == Qt::Horizontal ? m_layers->headerData(section, orientation, role)
                                                                : QVariant();
}

/// Operators have no say in whether a branch is selected.
std::vector<bool> ListedLayers::rowsWith(const QStringList &layers) const
{
    std::vector<bool> of(m_layers->rows().size());
    for (std::size_t at = 0; at < of.size(); ++at)
        of[at] = !m_layers->rows()[at].isLayer;
    for (const QString &name : layers)
        if (const int row = m_layers->rowOf(name); row >= 0)
            of[static_cast<std::size_t>(row)] = true;
    std::vector<bool> rows = m_outline.rowsWith(of);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const ListedRow &shown = m_branches.of(m_outline.rows()[row]);
        rows[row] = rows[row] && (shown.sums ? shown.sums->layers > 0 : shown.isLayer);
    }
    return rows;
}

} // namespace quantscope
