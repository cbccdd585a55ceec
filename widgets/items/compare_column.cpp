#include "items/compare_column.h"

#include "dialects/brevitas/lab_quantizers.h"
#include "items/text.h"
#include "quant/fixed_point.h"
#include "report/layer_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
static constexpr std::size_t kMostTies = 3; // a mark that four columns carry says nothing

QString figureName(CompareFigure figure) { return qs(figureOf(figure).title); }

QString figureRule(CompareFigure figure) { return withPowers(qs(figureOf(figure).rule)); }

namespace {

QString fixedTypeText(const SlotQuantizer &slot)
{
    const auto type = slot.quantizer && slot.quantizer->isComplete() ? fixedType(*slot.quantizer) : std::nullopt;
    return type ? u"%1<%2,%3>"_s.arg(type->isSigned ? QString() : u"u"_s).arg(type->width).arg(type->integerBits)
                : u"none"_s;
}

QString exactText(const CandidateResult &result)
{
    if (result.fixedExact())
        return u"✓ yes"_s;
    const auto &q = result.slot.quantizer;
    if (!q || !q->scale)
        return u"–"_s;
    if (q->kind == QuantizerKind::Minifloat)
        return u"no, minifloat"_s;
    if (q->scale->values.size() > 1)
        return u"no, "_s + countText(q->scale->values.size(), u"scale"_s);
    return fractionalBits(q->scale->values[0]) ? u"no, zero point"_s : u"no, float scale"_s;
}

QString presetTitle(const Preset &preset)
{
    if (preset.source == ScaleSource::Stored || preset.special != Special::None)
        return qs(preset.name);
    if (preset.source == ScaleSource::Constant)
        return preset.kind == QuantizerKind::Binary ? u"Binary, constant"_s
            : preset.bits == 2                      ? u"Ternary, constant"_s
                                                    : u"Constant"_s;
    const QString scale
        = preset.fixedPoint || preset.restriction == Restriction::PowerOfTwo ? u"Fixed point"_s : u"Float"_s;
    return preset.zeroPoint == ZeroPointSource::None ? scale : u"Shifted "_s + scale.toLower();
}

QString titleOf(const CandidateResult &result)
{
    const std::string &name = result.settings.preset.empty() ? result.name : result.settings.preset;
    if (name.starts_with("torch_"))
        return u"PyTorch affine"_s;
    if (const Preset *preset = findPreset(name))
        return presetTitle(*preset);
    return qs(name);
}

QString granularity(const SlotQuantizer &slot)
{
    if (!slot.quantizer || !slot.quantizer->scale)
        return {};
    if (slot.quantizer->blockSize)
        return u"blocks"_s;
    return slot.quantizer->scale->perTensor() ? u"per tensor"_s : u"per channel"_s;
}

/// The text that all have in common, else another.
template <class Text>
QString common(const std::vector<const CandidateResult *> &results, Text text, const QString &otherwise = u"differ"_s)
{
    const QString first = text(*results.front());
    return std::all_of(results.begin(), results.end(), [&](const CandidateResult *r) { return text(*r) == first; })
        ? first
        : otherwise;
}

/// Yes or no first: layers that are all inexact differ only in their reasons.
QString exactOf(const std::vector<const CandidateResult *> &results)
{
    const bool allNo = std::all_of(
        results.begin(), results.end(), [](const CandidateResult *r) { return exactText(*r).startsWith(u"no"); });
    return common(results, exactText, allNo ? u"no"_s : u"differ"_s);
}

} // namespace

CompareColumn compareColumn(const std::vector<const CandidateResult *> &results)
{
    const CandidateResult &first = *results.front();
    CompareColumn column{figuresOf(results), {}, {}, {}, {}, {}, {}, {}, {}, {}};
    column.name = first.name;
    column.title = titleOf(first);
    column.scale = common(results, [](const CandidateResult &r) {
        return r.slot.quantizer && r.slot.quantizer->scale ? withPowers(qs(scaleText(*r.slot.quantizer->scale)))
                                                           : u"–"_s;
    });
    column.type = common(results, [](const CandidateResult &r) { return fixedTypeText(r.slot); });
    column.exact = exactOf(results);
    const bool noWidth = !column.width && std::ranges::none_of(results, [](const CandidateResult *r) {
        return r->slot.quantizer && r->slot.quantizer->isComplete();
    });
    column.bits = column.width ? QString::number(*column.width) : noWidth ? u"–"_s : u"differ"_s;
    const QString kind = common(results, [](const CandidateResult &r) { return granularity(r.slot); });
    column.subtitle = kind + (column.width ? u" · %1 bit"_s.arg(*column.width) : QString());
    for (const CandidateResult *result : results)
        if (!result->figures)
            column.note = qs(result->note);
    return column;
}

std::vector<CompareColumn> compareColumns(
    const std::vector<std::vector<std::shared_ptr<const CandidateResult>>> &results)
{
    std::vector<CompareColumn> columns;
    for (const auto &candidate : results) {
        std::vector<const CandidateResult *> layers;
        for (const auto &layer : candidate)
            layers.push_back(layer.get());
        columns.push_back(compareColumn(layers));
    }
    return columns;
}

/// What needs the floats of the file.
static bool isError(CompareFigure figure)
{
    return (figure >= CompareFigure::Sqnr && figure <= CompareFigure::Cosine) || figure == CompareFigure::Zeroed;
}

static bool isOnData(CompareFigure figure) { return figure >= kFirstOnData; }

double CompareColumn::number(CompareFigure figure) const
{
    if (figure == CompareFigure::OutputSqnr && effect && effect->isExact)
        return std::numeric_limits<double>::infinity();
    if (isOnData(figure)) {
        const auto value = figureOf(figure).value(*this);
        return value ? asDouble(*value) : kUnknown;
    }
    if (figure == CompareFigure::Exact)
        return fixedExact ? 1 : 0;
    const FigureRow &row = figureOf(figure);
    if (!row.value || (figure != CompareFigure::Bits && !known) || (isError(figure) && !hasErrors))
        return kUnknown;
    if (figure == CompareFigure::Sqnr && error.errorPower == 0)
        return std::numeric_limits<double>::infinity();
    const auto value = row.value(*this);
    if (!value || (figure == CompareFigure::CodesUsed && codesTotal == 0))
        return kUnknown;
    return figure == CompareFigure::CodesUsed ? asDouble(*value) / static_cast<double>(codesTotal) : asDouble(*value);
}

QString CompareColumn::text(CompareFigure figure) const
{
    switch (figure) {
    case CompareFigure::Scale: return scale;
    case CompareFigure::Type: return type;
    case CompareFigure::Bits: return bits;
    case CompareFigure::Exact: return exact;
    default: break;
    }
    const double value = number(figure);
    if (std::isnan(value))
        return isOnData(figure) && !effect && effectNote.isEmpty() ? u"…"_s : u"–"_s;
    if (figure == CompareFigure::CodesUsed)
        return groupedText(codesUsed) + u"/"_s + groupedText(codesTotal);
    if (std::isinf(value))
        return u"exact"_s;
    return withMinus(qs(windowText(figureOf(figure), *figureOf(figure).value(*this))));
}

namespace {

QString signedText(double value, int digits)
{
    const QString number = QString::number(std::abs(value), 'f', digits);
    if (number.toDouble() == 0)
        return {};
    return (value < 0 ? u"−"_s : u"+"_s) + number;
}

/// "−76 %" up to a half or double, then "×4.0", and ">×999" for what is out of all proportion.
QString ratioText(double value, double base)
{
    if (base == 0 || !std::isfinite(value) || !std::isfinite(base))
        return {};
    const double ratio = std::abs(value / base);
    if (ratio >= 2)
        return ratio >= 999.5 ? u">×999"_s : u"×%1"_s.arg(QString::number(ratio, 'f', ratio < 99.95 ? 1 : 0));
    const QString percent = signedText((ratio - 1) * 100, 0);
    return percent.isEmpty() ? QString() : percent + u" %"_s;
}

QString countDifference(double change)
{
    const double size = std::abs(change);
    const QString number = size < 1000 ? QString::number(size, 'f', 0)
        : size < 999'500               ? QString::number(size / 1000, 'f', size < 9950 ? 1 : 0) + u"k"_s
                                       : QString::number(size / 1e6, 'f', size < 9.95e6 ? 1 : 0) + u"M"_s;
    return change == 0 ? QString() : (change < 0 ? u"−"_s : u"+"_s) + number;
}

} // namespace

QString CompareColumn::difference(CompareFigure figure, const CompareColumn &base) const
{
    const double value = number(figure);
    const double other = base.number(figure);
    if (std::isnan(value))
        return {};
    switch (figure) {
    case CompareFigure::CodesUsed: return QString::number(std::floor(value * 100)) + u" %"_s; // only all are 100 %
    case CompareFigure::Bits: return std::isnan(other) ? QString() : countDifference(value - other);
    case CompareFigure::Sqnr:
        return std::isfinite(value) && std::isfinite(other) ? signedText(value - other, 1) : QString();
    case CompareFigure::Accuracy: return std::isfinite(other) ? signedText(value - other, 2) : QString();
    case CompareFigure::Mse:
    case CompareFigure::MaxError:
    case CompareFigure::MeanError:
    case CompareFigure::Memory: return ratioText(value, other);
    case CompareFigure::AtLimit:
    case CompareFigure::Clipped:
    case CompareFigure::Zeroed: return std::isnan(other) ? QString() : countDifference(value - other);
    default: return {};
    }
}

namespace {

/// What makes a figure better, as a number to be small; NaN for what is no contest.
double cost(const CompareColumn &column, CompareFigure figure)
{
    const double value = column.number(figure);
    switch (figure) {
    case CompareFigure::Scale:
    case CompareFigure::Type: return kUnknown;
    case CompareFigure::Sqnr:
    case CompareFigure::Cosine:
    case CompareFigure::CodesUsed:
    case CompareFigure::OutputSqnr:
    case CompareFigure::Accuracy:
    case CompareFigure::Exact: return -value;
    default: return std::abs(value);
    }
}

} // namespace

std::vector<std::size_t> bestColumns(const std::vector<CompareColumn> &columns, CompareFigure figure)
{
    std::vector<std::size_t> best;
    if (figure == CompareFigure::Exact)
        return best;
    double lowest = std::numeric_limits<double>::infinity();
    const bool isAgainstFirst = figure == CompareFigure::OutputSqnr || figure == CompareFigure::PredictionsChanged;
    for (std::size_t i = isAgainstFirst ? 1 : 0; i < columns.size(); ++i) {
        const double value = columns[i].known || isOnData(figure) ? cost(columns[i], figure) : kUnknown;
        if (std::isnan(value))
            continue;
        if (value < lowest)
            best.clear();
        if (value <= lowest) {
            lowest = value;
            best.push_back(i);
        }
    }
    return best.size() > kMostTies || best.size() == columns.size() ? std::vector<std::size_t>{} : best;
}

std::vector<std::size_t> orderedColumns(const std::vector<CompareColumn> &columns, CompareFigure figure, bool reversed)
{
    std::vector<std::size_t> order(columns.size());
    std::iota(order.begin(), order.end(), 0u);
    if (order.size() < 2)
        return order;
    std::stable_sort(order.begin() + 1, order.end(), [&](std::size_t a, std::size_t b) {
        const double left = cost(columns[a], figure);
        const double right = cost(columns[b], figure);
        if (std::isnan(left) || std::isnan(right))
            return !std::isnan(left);
        return reversed ? right < left : left < right;
    });
    return order;
}

} // namespace quantscope
