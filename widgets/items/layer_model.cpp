#include "items/layer_model.h"

#include "items/text.h"

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

std::vector<RowColumn<LayerRow>> namingColumns()
{
    using Row = LayerRow;
    const auto parameters = [](const Row &row) { return valueOf(row.parameters); };
    return {{u"Layer"_s, [](const Row &row) { return shownText(row.name); },
                [](const Row &row) { return QVariant(qs(row.name)); }, kLeft, {},
                [](const Row &row) { return shownText(row.name); }},
        {u"Kind"_s, [](const Row &row) { return shownText(row.kind); }},
        {u"Shape"_s, [](const Row &row) { return orDash(row.shape); }, parameters},
        {u"Params"_s, [](const Row &row) { return row.parameters ? groupedText(*row.parameters) : u"–"_s; }, parameters,
            kRight, u"weights + biases"_s}};
}

std::vector<RowColumn<LayerRow>> quantizerColumns()
{
    using Row = LayerRow;
    return {{u"Bits"_s, [](const Row &row) { return orDash(row.bits); },
                [](const Row &row) { return valueOf(row.bitWidth); }, kRight, u"bits of a code; u means unsigned"_s,
                [](const Row &row) {
                    return row.contradicted ? u"wrong: not what the live model computed, as the recipe's proof has it"_s
                        : row.assumed       ? u"assumed: the file does not say it"_s
                                            : u"bits of a code; u means unsigned"_s;
                }},
        {u"Scale"_s, [](const Row &row) { return orDash(row.scale); },
            [](const Row &row) { return valueOf(row.scaleValue); }, kRight, u"value = (code − zero point) · scale"_s,
            [](const Row &row) {
                return row.scaleAssumed && !row.contradicted ? u"assumed: the file does not say it"_s
                                                             : u"value = (code − zero point) · scale"_s;
            }},
        {u"I.F"_s, [](const Row &row) { return orDash(row.intFrac); },
            [](const Row &row) { return valueOf(row.integerBits); }, kRight,
            u"integer bits (with the sign) and fractional bits of the word"_s}};
}

std::vector<RowColumn<LayerRow>> figureColumns()
{
    using Row = LayerRow;
    return {{u"SQNR"_s, [](const Row &row) { return row.sqnrDb ? QString::number(*row.sqnrDb, 'f', 1) : u"–"_s; },
                [](const Row &row) { return valueOf(row.sqnrDb); }, kRight,
                u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s},
        {u"Sat."_s,
            [](const Row &row) { return row.atLimitShare ? shareText(*row.atLimitShare).remove(u' ') : u"–"_s; },
            [](const Row &row) { return valueOf(row.atLimitShare); }, kRight,
            u"share of the weights whose code is an end of the range"_s},
        {{}, [](const Row &row) { return row.problems > 0 ? QString::number(row.problems) : QString(); },
            [](const Row &row) { return QVariant::fromValue<qulonglong>(row.problems); }, kLeft,
            u"problems of the layer"_s,
            [](const Row &row) {
                return row.problems ? countText(row.problems, u"problem"_s) + u": see the list below"_s : QString();
            }}};
}

/// What a column means is told by its cells too.
std::vector<RowColumn<LayerRow>> layerColumns()
{
    std::vector<RowColumn<LayerRow>> all = namingColumns();
    for (const auto &more : {quantizerColumns(), figureColumns()})
        all.insert(all.end(), more.begin(), more.end());
    for (RowColumn<LayerRow> &column : all)
        if (!column.tip && !column.headerTip.isEmpty())
            column.tip = [text = column.headerTip](const LayerRow &) { return text; };
    return all;
}

} // namespace

LayerModel::LayerModel(QObject *parent)
    : RowModel(layerColumns(), parent)
{
}

static std::vector<LayerRow> rowsOf(const Inspection &inspection)
{
    std::vector<LayerRow> rows;
    if (inspection.network)
        for (const Layer &layer : inspection.network->layers)
            rows.push_back(layerRow(inspection, layer));
    return rows;
}

void LayerModel::setInspection(const Inspection &inspection) { setRows(rowsOf(inspection)); }

void LayerModel::updateAll(const Inspection &inspection) { replaceRows(rowsOf(inspection)); }

void LayerModel::updateLayer(const std::string &name, const Inspection &inspection)
{
    const int at = rowOf(qs(name));
    if (at >= 0)
        replaceRow(static_cast<std::size_t>(at),
            layerRow(inspection, inspection.network->layers[static_cast<std::size_t>(at)]));
}

int LayerModel::rowOf(const QString &name) const
{
    const auto found = std::find_if(
        rows().begin(), rows().end(), [wanted = str(name)](const LayerRow &row) { return row.name == wanted; });
    return found == rows().end() ? -1 : static_cast<int>(found - rows().begin());
}

QString LayerModel::nameAt(int at) const { return at >= 0 && at < rowCount() ? qs(row(at).name) : QString(); }

QVariant LayerModel::own(const LayerRow &row, int column, int role) const
{
    switch (role) {
    case WeightRole: return row.hasWeights;
    case SeverityRole: return row.problems == 0 ? QString() : qs(severityName(row.worst));
    case AssumedRole: return column == Scale ? row.scaleAssumed : row.assumed;
    case WrongRole: return row.contradicted;
    case MonoRole: return column >= Shape;
    default: return {};
    }
}

} // namespace quantscope
