#include "items/layer_proxy.h"

#include "items/join_notes.h"
#include "items/layer_model.h"
#include "items/text.h"

namespace quantscope {

LayerProxy::LayerProxy(QObject *parent)
    : ValueProxy(parent)
{
    connect(this, &QAbstractItemModel::modelReset, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::rowsInserted, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::rowsRemoved, this, &LayerProxy::dropLanes);
    connect(this, &QAbstractItemModel::layoutChanged, this, &LayerProxy::dropLanes);
}

LayerProxy::~LayerProxy() = default;

void LayerProxy::setSourceModel(QAbstractItemModel *model)
{
    m_layers = static_cast<LayerModel *>(model);
    ValueProxy::setSourceModel(model);
    connect(m_layers, &LayerModel::flowChanged, this, &LayerProxy::dropNotes);
}

QString LayerProxy::setFilterText(const QString &text)
{
    LayerFilter filter = parseLayerFilter(text);
    if (!filter.error.isEmpty())
        return filter.error;
    m_filter = std::move(filter);
    invalidateFilter();
    return {};
}

void LayerProxy::showPathOf(const QString &layer)
{
    m_path = layer;
    if (m_lanes)
        m_lanes->showPathOf(pathRow());
    if (rowCount() > 0)
        Q_EMIT dataChanged(
            index(0, LayerModel::Name), index(rowCount() - 1, LayerModel::Name), {LayerModel::LanesRole});
}

std::optional<int> LayerProxy::pathRow() const
{
    const QModelIndex shown = mapFromSource(m_layers->index(m_layers->rowOf(m_path), LayerModel::Name));
    return shown.isValid() ? std::optional(shown.row()) : std::nullopt;
}

void LayerProxy::dropLanes()
{
    m_lanes.reset();
    Q_EMIT lanesChanged();
}

void LayerProxy::dropNotes()
{
    m_notes.reset();
    m_noted.reset();
    dropLanes();
}

bool LayerProxy::inOrder() const { return sortColumn() == LayerModel::Name && sortOrder() == Qt::AscendingOrder; }

const LayerLanes *LayerProxy::lanes() const
{
    if (!inOrder() || m_layers->network() == nullptr)
        return nullptr;
    if (m_lanes == nullptr) {
        std::vector<LaneEntry> entries;
        for (int at = 0; at < rowCount(); ++at) {
            const ListedRow &row = m_layers->row(mapToSource(index(at, LayerModel::Name)).row());
            entries.push_back({qs(row.name), row.node, row.isLayer});
        }
        if (!m_notes || m_noted != m_layers->network()) { // between new rows and the word that the flow is new too
            m_noted = m_layers->network();
            m_notes = joinNotes(*m_noted);
        }
        m_lanes = std::make_unique<LayerLanes>(m_layers->network(), std::move(entries), *m_notes);
        m_lanes->showPathOf(pathRow());
    }
    return m_lanes->empty() ? nullptr : m_lanes.get();
}

QVariant LayerProxy::data(const QModelIndex &index, int role) const
{
    const bool flows
        = role == LayerModel::LanesRole || role == Qt::ToolTipRole || role == Qt::AccessibleDescriptionRole;
    const LayerLanes *drawn = flows && index.isValid() && index.column() == LayerModel::Name ? lanes() : nullptr;
    if (drawn == nullptr || (role != LayerModel::LanesRole && m_layers->row(mapToSource(index).row()).onlyInSecond))
        return ValueProxy::data(index, role);
    if (role == LayerModel::LanesRole)
        return QVariant::fromValue(drawn->cell(index.row()));
    if (role == Qt::AccessibleDescriptionRole)
        return drawn->description(index.row());
    return (QStringList(ValueProxy::data(index, role).toString()) + drawn->tipLines(index.row())).join(u'\n');
}

bool LayerProxy::filterAcceptsRow(int sourceRow, const QModelIndex &) const
{
    return m_filter.matches(m_layers->row(sourceRow));
}

} // namespace quantscope
