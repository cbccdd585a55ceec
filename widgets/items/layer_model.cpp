#include "items/layer_model.h"

#include "items/text.h"
#include "network/flow_rows.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString orDash(const std::string &text) { return text.empty() ? u"–"_s : withPowers(qs(text)); }

/// What is unknown is invalid.
template <class Number> QVariant valueOf(const std::optional<Number> &number)
{
    return number ? QVariant(static_cast<double>(*number)) : QVariant();
}

std::vector<RowColumn<ListedRow>> namingColumns()
{
    using Row = ListedRow;
    const auto parameters = [](const Row &row) { return valueOf(row.parameters); };
    return {{u"Layer"_s, [](const Row &row) { return shownText(row.name); },
                [](const Row &row) { return QVariant(row.place); }, kLeft, u"in the order of the network"_s,
                [](const Row &row) {
                    return shownText(row.name) + (row.detail.empty() ? QString() : u'\n' + shownText(row.detail));
                }},
        {u"Kind"_s, [](const Row &row) { return shownText(row.kind); }},
        {u"Shape"_s, [](const Row &row) { return orDash(row.shape); }, parameters},
        {u"Params"_s, [](const Row &row) { return row.parameters ? groupedText(*row.parameters) : u"–"_s; }, parameters,
            kRight, u"weights + biases"_s}};
}

/// Of "1.7", and of "-3.11 to 1.7": the bits before the point (part 0) or behind it, the smallest first.
QString pointText(const ListedRow &row, int part)
{
    QStringList ends;
    for (const QString &word : qs(row.intFrac).split(u" to "_s, Qt::SkipEmptyParts))
        ends << word.section(u'.', part, part);
    std::sort(ends.begin(), ends.end(), [](const QString &a, const QString &b) { return a.toInt() < b.toInt(); });
    return ends.isEmpty() ? u"–"_s : ends.join(u" … "_s);
}

std::vector<RowColumn<ListedRow>> quantizerColumns()
{
    using Row = ListedRow;
    return {{u"Bits"_s, [](const Row &row) { return orDash(row.bits); },
                [](const Row &row) { return valueOf(row.bitWidth); }, kRight, u"bits of a code; u means unsigned"_s,
                [](const Row &row) {
                    return row.contradicted ? u"wrong: contradicted by the live model or by an export"_s
                        : row.assumed       ? u"assumed: the file does not say it"_s
                                            : u"bits of a code; u means unsigned"_s;
                }},
        {u"Scale"_s, [](const Row &row) { return orDash(row.scale); },
            [](const Row &row) { return valueOf(row.scaleValue); }, kRight, u"value = (code − zero point) · scale"_s,
            [](const Row &row) {
                return row.scaleAssumed && !row.contradicted ? u"assumed: the file does not say it"_s
                                                             : u"value = (code − zero point) · scale"_s;
            }},
        {u"Int."_s, [](const Row &row) { return pointText(row, 0); },
            [](const Row &row) { return valueOf(row.integerBits); }, kRight,
            u"integer bits of the word, with the sign"_s},
        {u"Frac."_s, [](const Row &row) { return pointText(row, 1); },
            [](const Row &row) { return valueOf(row.fractionBits); }, kRight,
            u"fractional bits of the word: −log₂ of the scale"_s}};
}

/// By severity, then by number: one error is worse than many warnings. 0 without any.
double worth(const ListedRow &row)
{
    const double severity = row.worst == Severity::Error ? 1e9 : 0;
    return row.problems == 0 ? 0 : severity + static_cast<double>(row.problems);
}

std::vector<RowColumn<ListedRow>> figureColumns()
{
    using Row = ListedRow;
    return {{u"SQNR"_s, [](const Row &row) { return row.sqnrDb ? fixedText(*row.sqnrDb, 1) : u"–"_s; },
                [](const Row &row) { return valueOf(row.sqnrDb); }, kRight,
                u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s},
        {u"Sat."_s,
            [](const Row &row) { return row.atLimitShare ? shareText(*row.atLimitShare).remove(u' ') : u"–"_s; },
            [](const Row &row) { return valueOf(row.atLimitShare); }, kRight,
            u"share of the weights whose code is an end of the range"_s},
        {{}, [](const Row &row) { return row.problems > 0 ? QString::number(row.problems) : QString(); },
            [](const Row &row) { return QVariant(worth(row)); }, kLeft, u"problems of the layer, errors first"_s,
            [](const Row &row) {
                return row.problems ? countText(row.problems, u"problem"_s) + u": see the list below"_s : QString();
            }}};
}

/// What a column means is told by its cells too; an operator has a name and a kind alone.
std::vector<RowColumn<ListedRow>> layerColumns()
{
    std::vector<RowColumn<ListedRow>> all = namingColumns();
    for (const auto &more : {quantizerColumns(), figureColumns()})
        all.insert(all.end(), more.begin(), more.end());
    for (std::size_t at = LayerModel::Kind; at < all.size(); ++at) {
        RowColumn<ListedRow> &column = all[at];
        if (!column.tip && !column.headerTip.isEmpty())
            column.tip = [text = column.headerTip](const ListedRow &) { return text; };
        if (at == LayerModel::Kind)
            continue;
        for (RowColumn<ListedRow>::Text *text : {&column.text, &column.tip})
            if (*text)
                *text = [of = *text](const ListedRow &row) { return row.isLayer ? of(row) : QString(); };
    }
    return all;
}

} // namespace

LayerModel::LayerModel(QObject *parent)
    : RowModel(layerColumns(), parent)
{
}

namespace {

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

std::vector<ListedRow> LayerModel::rowsOf(const Inspection &inspection) const
{
    if (!inspection.network)
        return {};
    const Network &network = *inspection.network;
    std::vector<ListedRow> rows(network.layers.size());
    for (const Layer &layer : network.layers)
        static_cast<LayerRow &>(rows[position(layer.id)]) = layerRow(inspection, layer);
    int place = 0;
    for (const FlowEntry &entry : flowEntries(network, m_operators)) {
        ListedRow &row
            = entry.layer ? rows[position(*entry.layer)] : rows.emplace_back(rowOfNode(network.flow.node(*entry.node)));
        row.node = entry.node;
        row.place = place++;
    }
    return rows;
}

void LayerModel::setInspection(const Inspection &inspection)
{
    std::vector<ListedRow> found = rowsOf(inspection);
    m_network = inspection.network;
    if (sameNames(rows(), found))
        replaceRows(std::move(found));
    else
        setRows(std::move(found));
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
    static_cast<LayerRow &>(changed) = layerRow(inspection, inspection.network->layers[static_cast<std::size_t>(at)]);
    // Its place and name stay, so that nothing has to be sorted again and no lines are drawn anew for each.
    replaceRow(static_cast<std::size_t>(at), std::move(changed), Sqnr);
}

int LayerModel::rowOf(const QString &name) const
{
    const auto found = std::ranges::find_if(
        rows(), [wanted = str(name)](const ListedRow &row) { return row.isLayer && row.name == wanted; });
    return found == rows().end() ? -1 : static_cast<int>(found - rows().begin());
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

/// A first click on what is counted as bad shows the worst first.
QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::InitialSortOrderRole && (section == Saturated || section == Problems))
        return Qt::DescendingOrder;
    return RowModel::headerData(section, orientation, role);
}

QVariant LayerModel::own(const ListedRow &row, int column, int role) const
{
    switch (role) {
    case WeightRole: return row.hasWeights;
    case SeverityRole: return row.problems == 0 ? QString() : qs(severityName(row.worst));
    case AssumedRole: return column == Scale ? row.scaleAssumed : row.assumed;
    case WrongRole: return row.contradicted;
    case MonoRole: return column >= Shape;
    case OperatorRole: return !row.isLayer;
    default: return {};
    }
}

} // namespace quantscope
