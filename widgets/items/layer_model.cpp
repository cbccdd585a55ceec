#include "items/layer_model.h"

#include "items/layer_columns.h"
#include "items/text.h"
#include "network/flow_rows.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

std::vector<RowColumn<ListedRow>> listedColumns()
{
    std::vector<RowColumn<ListedRow>> all;
    for (const LayerColumn &column : layerColumns())
        all.push_back(column.cells);
    return all;
}

bool isGivenColumn(int column) { return column == LayerModel::Proposed || column == LayerModel::Change; }

std::size_t givenAt(int column) { return static_cast<std::size_t>(column - LayerModel::Proposed); }

/// "operator MaxPool", "operator Foo of com.example, in body"
std::string detailOf(const FlowNode &node)
{
    if (node.kind == FlowNode::Kind::Input || node.kind == FlowNode::Kind::Output)
        return node.kind == FlowNode::Kind::Input ? "an input of the network" : "an output of the network";
    const std::string what = node.kind == FlowNode::Kind::Operator ? "operator " : "layer ";
    return what + node.opType + (node.domain.empty() ? "" : " of " + node.domain)
        + (node.scope.empty() ? "" : ", in " + node.scope);
}

/// Of what a flow has between layers; unnamed operators go by what they do.
ListedRow rowOfNode(const FlowNode &node)
{
    ListedRow row;
    row.isLayer = false;
    row.detail = detailOf(node);
    row.kind = node.kind == FlowNode::Kind::Input ? "input"
        : node.kind == FlowNode::Kind::Output     ? "output"
                                                  : node.opType;
    row.name = !node.name.empty() ? node.name : row.kind;
    return row;
}

bool sameNames(const std::vector<ListedRow> &a, const std::vector<ListedRow> &b)
{
    return std::ranges::equal(a, b, [](const ListedRow &left, const ListedRow &right) {
        return left.isLayer == right.isLayer && left.name == right.name;
    });
}

} // namespace

LayerModel::LayerModel(QObject *parent)
    : RowModel(listedColumns(), parent)
{
}

std::vector<ListedRow> LayerModel::rowsOf(const Inspection &inspection) const
{
    if (!inspection.network)
        return {};
    const Network &network = *inspection.network;
    std::vector<LayerRow> layers = layerRows(inspection);
    std::vector<ListedRow> rows(layers.size());
    for (std::size_t at = 0; at < layers.size(); ++at) {
        static_cast<LayerRow &>(rows[at]) = std::move(layers[at]);
        fillGiven(rows[at]);
        fillProblems(rows[at], network, network.layers[at].id);
    }
    int place = 0;
    for (const FlowEntry &entry : flowEntries(network, m_operators)) {
        ListedRow &row
            = entry.layer ? rows[position(*entry.layer)] : rows.emplace_back(rowOfNode(network.flow.node(*entry.node)));
        row.node = entry.node;
        row.place = place++;
    }
    for (const ListedRow &alone : m_onlyInSecond)
        rows.emplace_back(alone).place = place++;
    return rows;
}

void LayerModel::setChecked(std::shared_ptr<const CheckedNetwork> checked)
{
    m_checked = std::move(checked);
    m_found = m_checked && m_checked->network ? problemsByLayer(*m_checked->network, m_checked->result.findings)
                                              : std::vector<LayerProblems>();
}

void LayerModel::fillProblems(ListedRow &row, const Network &network, LayerId layer) const
{
    row.found.clear();
    if (!m_checked || m_checked->network.get() != &network)
        return;
    const LayerProblems &found = m_found[position(layer)];
    row.problems = found.count();
    row.worst = found.worst();
    row.found = found.text();
}

void LayerModel::setInspection(const Inspection &inspection)
{
    std::vector<ListedRow> found = rowsOf(inspection);
    m_network = inspection.network;
    if (sameNames(rows(), found)) {
        replaceRows(std::move(found));
    } else {
        m_rowOf.clear();
        for (std::size_t at = 0; at < found.size(); ++at)
            if (found[at].isLayer)
                m_rowOf.emplace(found[at].name, static_cast<int>(at)); // the first of two
        setRows(std::move(found));
    }
    Q_EMIT flowChanged();
}

void LayerModel::updateAll(const Inspection &inspection) { replaceRows(rowsOf(inspection)); }

void LayerModel::showOperators(const Inspection &inspection, bool shown)
{
    if (shown == m_operators)
        return;
    m_operators = shown;
    setInspection(inspection);
}

void LayerModel::updateLayer(const std::string &name, const Inspection &inspection)
{
    const int at = rowOf(qs(name));
    if (at < 0)
        return;
    ListedRow changed = row(at);
    const Layer &layer = inspection.network->layers[static_cast<std::size_t>(at)];
    static_cast<LayerRow &>(changed) = layerRow(inspection, layer);
    fillGiven(changed);
    fillProblems(changed, *inspection.network, layer.id);
    // Its place and name stay, so that nothing has to be sorted again and no lines are drawn anew for each.
    replaceRow(static_cast<std::size_t>(at), std::move(changed), Sqnr);
}

void LayerModel::setOnlyInSecond(std::vector<ListedRow> alone, const Inspection &inspection)
{
    if (alone.empty() && m_onlyInSecond.empty())
        return;
    m_onlyInSecond = std::move(alone);
    setInspection(inspection);
}

void LayerModel::fillGiven(ListedRow &row) const
{
    if (row.onlyInSecond)
        return;
    for (std::size_t at = 0; at < kGivenColumns; ++at)
        row.given[at] = m_given[at] && row.isLayer ? m_given[at](row.name) : std::nullopt;
}

void LayerModel::setGiven(Column column, GivenCells cells)
{
    const bool wasGiven = isGiven(column);
    m_given[givenAt(column)] = std::move(cells);
    changeRows([this](ListedRow &row) { fillGiven(row); }, column, column);
    if (wasGiven != isGiven(column))
        Q_EMIT givenChanged();
}

void LayerModel::updateGiven(Column column, const std::string &layer)
{
    const int at = rowOf(qs(layer));
    if (at < 0)
        return;
    ListedRow changed = row(at);
    fillGiven(changed);
    replaceRow(static_cast<std::size_t>(at), std::move(changed), column);
}

bool LayerModel::isGiven(Column column) const { return isGivenColumn(column) && m_given[givenAt(column)] != nullptr; }

int LayerModel::rowOf(const QString &name) const
{
    const auto found = m_rowOf.find(str(name));
    return found == m_rowOf.end() ? -1 : found->second;
}

QString LayerModel::nameAt(int at) const
{
    return at >= 0 && at < rowCount() && row(at).isLayer ? qs(row(at).name) : QString();
}

Qt::ItemFlags LayerModel::flags(const QModelIndex &index) const
{
    return index.isValid() && !row(index.row()).isLayer ? Qt::ItemFlags(Qt::ItemNeverHasChildren)
                                                        : RowModel::flags(index);
}

/// A first click on what is counted as bad shows the worst first, and on sizes the largest.
QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::InitialSortOrderRole
        && (section == Saturated || section == Problems || section == Size || isGivenColumn(section)))
        return Qt::DescendingOrder;
    return RowModel::headerData(section, orientation, role);
}

QVariant LayerModel::roleOf(const ListedRow &row, int column, int role)
{
    switch (role) {
    case WeightRole: return row.hasWeights;
    case SeverityRole: return row.problems == 0 ? QString() : qs(severityName(row.worst));
    case AssumedRole: return column == Scale ? row.scaleAssumed : row.assumed;
    case WrongRole: return row.contradicted;
    case MonoRole: return column >= Shape;
    case Qt::AccessibleTextRole: // of a badge in words
        return column == Problems && !row.found.empty() ? QVariant(qs(row.found)) : QVariant();
    case OperatorRole: return !row.isLayer && !row.sums;
    case ToneRole:
        return isGivenColumn(column) && row.given[givenAt(column)]
            ? QVariant(static_cast<int>(row.given[givenAt(column)]->tone))
            : QVariant();
    default: return {};
    }
}

QVariant LayerModel::own(const ListedRow &row, int column, int role) const { return roleOf(row, column, role); }

} // namespace quantscope
