#include "items/layer_columns.h"

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

QString layersText(const BranchSums &sums)
{
    return countText(sums.layers, u"layer"_s)
        + (sums.weightLayers > 0 ? u", %1 with weights"_s.arg(sums.weightLayers) : QString());
}

QString nameTip(const ListedRow &row)
{
    const QString more = row.sums ? layersText(*row.sums) : shownText(row.detail);
    return shownText(row.name) + (more.isEmpty() ? QString() : u'\n' + more);
}

std::vector<LayerColumn> namingColumns()
{
    const auto parameters = [](const ListedRow &row) { return valueOf(row.parameters); };
    return {{LayerModel::Name,
                {u"Layer"_s, [](const ListedRow &row) { return shownText(row.name); },
                    [](const ListedRow &row) { return QVariant(row.place); }, kLeft, u"in the order of the network"_s,
                    nameTip}},
        {LayerModel::Kind,
            {u"Kind"_s,
                [](const ListedRow &row) {
                    return row.sums ? countText(row.sums->layers, u"layer"_s) : shownText(row.kind);
                }},
            7, 8},
        {LayerModel::Shape, {u"Shape"_s, [](const ListedRow &row) { return orDash(row.shape); }, parameters}, 9, 9},
        {LayerModel::Params,
            {u"Params"_s, [](const ListedRow &row) { return row.parameters ? groupedText(*row.parameters) : u"–"_s; },
                parameters, kRight, u"weights + biases"_s},
            8, 6}};
}

/// Of "1.7", and of "-3.11 to 1.7": the bits before the point (part 0) or behind it, the smallest first.
QString pointText(const ListedRow &row, int part)
{
    QStringList ends;
    for (const QString &word : qs(row.intFrac).split(u" to "_s, Qt::SkipEmptyParts))
        ends << word.section(u'.', part, part);
    std::sort(ends.begin(), ends.end(), [](const QString &a, const QString &b) { return a.toInt() < b.toInt(); });
    return ends.isEmpty() ? u"–"_s : withMinus(ends.join(u" … "_s));
}

QString wrongText()
{
    return u"proof differs: the live model or an export computed something else, see the problems below"_s;
}

QString bitsTip(const ListedRow &row)
{
    if (row.sums && row.contradicted)
        return u"of some layer of the branch: "_s + wrongText();
    if (row.sums)
        return row.sums->weights.least ? u"bits of the codes of the branch's weights, the least and the most"_s
                                       : u"bits of the codes in this branch, the least and the most"_s;
    return row.contradicted ? wrongText()
        : row.assumed       ? u"assumed: the file does not say it"_s
                            : u"bits of a code; u means unsigned"_s;
}

std::vector<LayerColumn> quantizerColumns()
{
    const auto scaleTip = [](const ListedRow &row) {
        return row.contradicted ? wrongText()
            : row.scaleAssumed  ? u"assumed: the file does not say it"_s
                                : u"value = (code − zero point) · scale"_s;
    };
    return {{LayerModel::Bits,
                {u"Bits"_s, [](const ListedRow &row) { return orDash(row.bits); },
                    [](const ListedRow &row) { return valueOf(row.bitWidth); }, kRight,
                    u"bits of a code; u means unsigned"_s, bitsTip},
                1, 1},
        {LayerModel::Scale,
            {u"Scale"_s, [](const ListedRow &row) { return orDash(row.scale); },
                [](const ListedRow &row) { return valueOf(row.scaleValue); }, kRight,
                u"value = (code − zero point) · scale"_s, scaleTip},
            2, 4},
        {LayerModel::Int,
            {u"Int."_s, [](const ListedRow &row) { return pointText(row, 0); },
                [](const ListedRow &row) { return valueOf(row.integerBits); }, kRight,
                u"integer bits of the word, with the sign"_s},
            4, 5},
        {LayerModel::Frac,
            {u"Frac."_s, [](const ListedRow &row) { return pointText(row, 1); },
                [](const ListedRow &row) { return valueOf(row.fractionBits); }, kRight,
                u"fractional bits of the word: −log₂ of the scale"_s},
            5, 5}};
}

/// By severity, then by number: one error is worse than many warnings. 0 without any.
double worth(const ListedRow &row)
{
    const double severity = row.worst == Severity::Error ? 1e9 : 0;
    return row.problems == 0 ? 0 : severity + static_cast<double>(row.problems);
}

/// Of a branch: which of its layers it is.
QString figureTip(const ListedRow &row, const QString &ofLayer, const QString &ofBranch, const std::string &layer)
{
    return row.sums && !layer.empty() ? u"%1: %2\n%3"_s.arg(ofBranch, shownText(layer), ofLayer) : ofLayer;
}

std::vector<LayerColumn> figureColumns()
{
    const auto sqnrTip = [](const ListedRow &row) {
        return figureTip(row, u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s,
            u"the lowest of the branch"_s, row.sums ? row.sums->worstLayer : std::string());
    };
    const auto limitTip = [](const ListedRow &row) {
        return figureTip(row, u"share of the weights whose code is an end of the range"_s,
            u"the largest of the branch"_s, row.sums ? row.sums->mostAtLimitLayer : std::string());
    };
    return {{LayerModel::Size,
                {u"Size"_s, [](const ListedRow &row) { return row.codeBits ? bitText(*row.codeBits) : u"–"_s; },
                    [](const ListedRow &row) { return valueOf(row.codeBits); }, kRight,
                    u"weights and biases: elements times bits of a code"_s},
                10, 3},
        {LayerModel::Sqnr,
            {u"SQNR"_s, [](const ListedRow &row) { return row.sqnrDb ? fixedText(*row.sqnrDb, 1) : u"–"_s; },
                [](const ListedRow &row) { return valueOf(row.sqnrDb); }, kRight,
                u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s, sqnrTip},
            3, 2, u"100.0 %"_s},
        {LayerModel::Saturated,
            {u"Sat."_s, [](const ListedRow &row) { return row.atLimitShare ? shareText(*row.atLimitShare) : u"–"_s; },
                [](const ListedRow &row) { return valueOf(row.atLimitShare); }, kRight,
                u"share of the weights whose code is an end of the range"_s, limitTip},
            6, 7, u"100.0 %"_s}};
}

LayerColumn givenColumn(LayerModel::Column id, const QString &title, const QString &tip)
{
    const auto at = static_cast<std::size_t>(id - LayerModel::Proposed);
    return {id,
        {title, [at](const ListedRow &row) { return row.given[at] ? row.given[at]->text : QString(); },
            [at](const ListedRow &row) { return row.given[at] ? row.given[at]->value : QVariant(); }, kRight, tip,
            [at, tip](const ListedRow &row) {
                return row.given[at] && !row.given[at]->tip.isEmpty() ? row.given[at]->tip : tip;
            }}};
}

LayerColumn problemColumn()
{
    return {LayerModel::Problems,
        {{}, [](const ListedRow &row) { return row.problems > 0 ? QString::number(row.problems) : QString(); },
            [](const ListedRow &row) { return QVariant(worth(row)); }, kLeft, u"problems of the layer, errors first"_s,
            [](const ListedRow &row) {
                const QString found
                    = row.found.empty() && row.problems ? countText(row.problems, u"problem"_s) : qs(row.found);
                return found.isEmpty() ? QString() : found + u": see the list below"_s;
            }}};
}

/// What a column means is told by its cells too. An operator has a name and a kind alone; a branch has no shape, no
/// scale and no place of its own in a word.
void limitCells(LayerColumn &column)
{
    RowColumn<ListedRow> &cells = column.cells;
    if (column.id != LayerModel::Name && !cells.tip && !cells.headerTip.isEmpty())
        cells.tip = [text = cells.headerTip](const ListedRow &) { return text; };
    if (column.id == LayerModel::Name || column.id == LayerModel::Kind)
        return;
    const bool single = column.id == LayerModel::Shape || column.id == LayerModel::Scale || column.id == LayerModel::Int
        || column.id == LayerModel::Frac;
    for (RowColumn<ListedRow>::Text *text : {&cells.text, &cells.tip})
        if (*text)
            *text = [of = *text, single](const ListedRow &row) {
                return row.isLayer || row.onlyInSecond || (row.sums && !single) ? of(row) : QString();
            };
}

} // namespace

const std::vector<LayerColumn> &layerColumns()
{
    static const std::vector<LayerColumn> table = [] {
        std::vector<LayerColumn> all = namingColumns();
        for (const auto &more : {quantizerColumns(), figureColumns()})
            all.insert(all.end(), more.begin(), more.end());
        all.push_back(
            givenColumn(LayerModel::Proposed, u"Proposed"_s, u"what is proposed for the layer and not applied"_s));
        all.push_back(givenColumn(
            LayerModel::Change, u"Change"_s, u"codes that differ from the other model, or the field that differs"_s));
        all.push_back(problemColumn());
        for (LayerColumn &column : all)
            limitCells(column);
        return all;
    }();
    return table;
}

} // namespace quantscope
