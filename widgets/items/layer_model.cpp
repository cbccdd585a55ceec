#include "items/layer_model.h"

#include "items/text.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

void LayerModel::setNetwork(std::shared_ptr<const Network> network, const StatisticsMap &statistics)
{
    beginResetModel();
    m_network = std::move(network);
    m_rows.clear();
    if (m_network)
        for (const Layer &layer : m_network->layers)
            m_rows.push_back(layerRow(*m_network, layer, statistics));
    endResetModel();
}

void LayerModel::setDiagnostics(std::shared_ptr<const Network> network, const StatisticsMap &statistics)
{
    m_network = std::move(network);
    for (std::size_t at = 0; at < m_rows.size(); ++at)
        m_rows[at] = layerRow(*m_network, m_network->layers[at], statistics);
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, NUM_COLUMNS - 1));
}

void LayerModel::updateLayer(const std::string &name, const StatisticsMap &statistics)
{
    const int at = rowOf(qs(name));
    if (at < 0)
        return;
    m_rows[static_cast<std::size_t>(at)]
        = layerRow(*m_network, m_network->layers[static_cast<std::size_t>(at)], statistics);
    Q_EMIT dataChanged(index(at, 0), index(at, NUM_COLUMNS - 1));
}

int LayerModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int LayerModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

int LayerModel::rowOf(const QString &name) const
{
    const auto found = std::find_if(
        m_rows.begin(), m_rows.end(), [wanted = str(name)](const LayerRow &row) { return row.name == wanted; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

QString LayerModel::nameAt(int row) const { return row >= 0 && row < rowCount() ? qs(this->row(row).name) : QString(); }

QVariant LayerModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const LayerRow &row = m_rows[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole: return text(row, index.column());
    case SortRole: return sortKey(row, index.column());
    case Qt::ToolTipRole: return toolTip(row, index.column());
    case WeightRole: return row.hasWeights;
    case SeverityRole: return worstSeverity(row);
    case AssumedRole: return row.assumed;
    case MonoRole: return index.column() >= Shape;
    case Qt::TextAlignmentRole:
        return index.column() >= Params && index.column() != Problems ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                                      : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    default: return {};
    }
}

static QString orDash(const std::string &text) { return text.empty() ? u"–"_s : withPowers(qs(text)); }

QVariant LayerModel::text(const LayerRow &row, int column) const
{
    switch (column) {
    case Name: return qs(row.name);
    case Kind: return qs(row.kind);
    case Shape: return orDash(row.shape);
    case Params: return row.parameters ? groupedText(*row.parameters) : u"–"_s;
    case Bits: return orDash(row.bits);
    case Scale: return orDash(row.scale);
    case IntFrac: return orDash(row.intFrac);
    case Sqnr: return row.sqnrDb ? QString::number(*row.sqnrDb, 'f', 1) : u"–"_s;
    case Saturated: return row.atLimitShare ? shareText(*row.atLimitShare).remove(u' ') : u"–"_s;
    case Problems: return row.problems > 0 ? QVariant(QString::number(row.problems)) : QVariant(QString());
    default: return {};
    }
}

/// The first number of a text such as "u8" or "1.7"; an invalid QVariant where there is none.
static QVariant leadingNumber(const std::string &text)
{
    static const QRegularExpression number(u"-?\\d+(\\.\\d+)?"_s);
    const auto match = number.match(qs(text));
    return match.hasMatch() ? QVariant(match.captured(0).toDouble()) : QVariant();
}

QVariant LayerModel::sortKey(const LayerRow &row, int column) const
{
    switch (column) {
    case Name: return qs(row.name);
    case Kind: return qs(row.kind);
    case Shape:
    case Params: return row.parameters ? QVariant::fromValue<qulonglong>(*row.parameters) : QVariant();
    case Bits: return leadingNumber(row.bits);
    case Scale:
        if (row.scale.starts_with("2^"))
            return std::pow(2.0, qs(row.scale).mid(2).toDouble());
        return row.scale.ends_with("scales") ? QVariant() : leadingNumber(row.scale);
    case IntFrac: return leadingNumber(row.intFrac);
    case Sqnr: return row.sqnrDb ? QVariant(*row.sqnrDb) : QVariant();
    case Saturated: return row.atLimitShare ? QVariant(*row.atLimitShare) : QVariant();
    case Problems: return QVariant::fromValue<qulonglong>(row.problems);
    default: return {};
    }
}

QString LayerModel::worstSeverity(const LayerRow &row) const
{
    Severity worst = Severity::Note;
    const Layer *layer = m_network->layer(row.name);
    for (const Diagnostic &diagnostic : m_network->diagnostics)
        if (layer != nullptr && diagnostic.subject.layer == layer->id)
            worst = std::min(worst, diagnostic.severity);
    return row.problems == 0 ? QString() : qs(severityName(worst));
}

QString LayerModel::toolTip(const LayerRow &row, int column) const
{
    switch (column) {
    case Name: return qs(row.name);
    case Params: return u"weights + biases"_s;
    case Bits: return row.assumed ? u"assumed: the file does not say it"_s : u"bits of a code; u means unsigned"_s;
    case Scale: return u"value = (code − zero point) · scale"_s;
    case IntFrac: return u"integer bits (with the sign) and fractional bits of the word"_s;
    case Sqnr: return u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s;
    case Saturated: return u"share of the weights whose code is an end of the range"_s;
    case Problems: return row.problems ? countText(row.problems, u"problem"_s) + u": see the list below"_s : QString();
    default: return {};
    }
}

QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString kTitles[] = {
        u"Layer"_s, u"Kind"_s, u"Shape"_s, u"Params"_s, u"Bits"_s, u"Scale"_s, u"I.F"_s, u"SQNR"_s, u"Sat."_s, u""_s};
    if (orientation != Qt::Horizontal || section < 0 || section >= NUM_COLUMNS)
        return {};
    if (role == Qt::DisplayRole)
        return kTitles[section];
    if (role == Qt::TextAlignmentRole)
        return section >= Params && section != Problems ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                        : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole)
        return section == Problems ? u"problems of the layer"_s : toolTip({}, section);
    return {};
}

} // namespace quantscope
