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

QString figureName(CompareFigure figure)
{
    static const QString names[kCompareFigures] = {u"scale"_s, u"ap_fixed<W,I>"_s, u"bits"_s, u"SQNR, dB"_s, u"MSE"_s,
        u"max |error|"_s, u"mean error"_s, u"cosine"_s, u"at limit"_s, u"clipped"_s, u"rounded to 0"_s, u"codes used"_s,
        u"memory, bits"_s, u"exact in ap_fixed"_s};
    return names[static_cast<int>(figure)];
}

QString figureRule(CompareFigure figure)
{
    static const QString rules[kCompareFigures] = {u"value = (code − zero point) · scale"_s,
        u"the fixed-point type that holds every value exactly: W bits, I of them left of the binary point, "
        "the sign included"_s,
        u"bits of one code"_s, u"10 log₁₀(Σ w² / Σ e²), e = value in float32 − float weight, summed in float64"_s,
        u"mean of e²"_s, u"largest |e|"_s, u"mean of e: not zero means a bias that adds up over a layer’s inputs"_s,
        u"cosine of the angle between the float weights and the values"_s,
        u"codes that equal an end of the range (narrow: −2^(b−1)+1)"_s,
        u"weights whose rounded code lies outside the range before it is clamped"_s,
        u"weights that are not zero and get the zero point as their code"_s,
        u"codes that occur at least once, of all in the range"_s, u"elements · bits"_s,
        u"one power-of-two scale and zero point 0"_s};
    return withPowers(rules[static_cast<int>(figure)]);
}

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

std::optional<int> widthOf(const CandidateResult &result)
{
    const auto &q = result.slot.quantizer;
    return q && q->isComplete() ? std::optional(q->bitWidth.value_or(q->wordBits())) : std::nullopt;
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

void addFigures(CompareColumn &column, const CandidateResult &result)
{
    column.codesTotal += result.codesTotal();
    column.memory += result.bits();
    if (!result.figures) {
        column.hasFigures = false;
        column.note = qs(result.note);
        return;
    }
    const SlotStatistics &figures = *result.figures;
    column.hasErrors = column.hasErrors && figures.hasFloats;
    column.error += figures.error;
    column.atLimit += figures.atLimit;
    column.zeroed += figures.zeroed;
    column.codesUsed += figures.codes.used;
    column.codesUsedKnown = column.codesUsedKnown && figures.codes.usedKnown;
    column.clipped
        = column.clipped && figures.clipped ? std::optional(*column.clipped + *figures.clipped) : std::nullopt;
}

} // namespace

CompareColumn compareColumn(const std::vector<const CandidateResult *> &results)
{
    const CandidateResult &first = *results.front();
    CompareColumn column;
    column.name = first.name;
    column.title = titleOf(first);
    column.scale = common(results, [](const CandidateResult &r) {
        return r.slot.quantizer && r.slot.quantizer->scale ? withPowers(qs(scaleText(*r.slot.quantizer->scale)))
                                                           : u"–"_s;
    });
    column.type = common(results, [](const CandidateResult &r) { return fixedTypeText(r.slot); });
    column.fixedExact
        = std::all_of(results.begin(), results.end(), [](const CandidateResult *r) { return r->fixedExact(); });
    column.exact = exactOf(results);
    const bool sameWidth = std::all_of(
        results.begin(), results.end(), [&](const CandidateResult *r) { return widthOf(*r) == widthOf(first); });
    column.width = sameWidth ? widthOf(first) : std::nullopt;
    column.bits = column.width ? QString::number(*column.width) : sameWidth ? u"–"_s : u"differ"_s;
    const QString kind = common(results, [](const CandidateResult &r) { return granularity(r.slot); });
    column.subtitle = kind + (column.width ? u" · %1 bit"_s.arg(*column.width) : QString());
    column.hasFigures = column.hasErrors = true;
    column.clipped = 0;
    for (const CandidateResult *result : results)
        addFigures(column, *result);
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

double CompareColumn::number(CompareFigure figure) const
{
    if (figure == CompareFigure::Bits)
        return width ? *width : kUnknown;
    if (figure == CompareFigure::Exact)
        return fixedExact ? 1 : 0;
    if (!hasFigures)
        return kUnknown;
    switch (figure) {
    case CompareFigure::AtLimit: return static_cast<double>(atLimit);
    case CompareFigure::Clipped: return clipped ? static_cast<double>(*clipped) : kUnknown;
    case CompareFigure::Zeroed: return hasErrors ? static_cast<double>(zeroed) : kUnknown;
    case CompareFigure::CodesUsed:
        return codesTotal == 0 || !codesUsedKnown ? kUnknown
                                                  : static_cast<double>(codesUsed) / static_cast<double>(codesTotal);
    case CompareFigure::Memory: return static_cast<double>(memory);
    default: break;
    }
    if (!hasErrors)
        return kUnknown;
    switch (figure) {
    case CompareFigure::Sqnr:
        return error.errorPower == 0 ? std::numeric_limits<double>::infinity() : error.sqnrDb().value_or(kUnknown);
    case CompareFigure::Mse: return error.mse();
    case CompareFigure::MaxError: return error.maxAbs;
    case CompareFigure::MeanError: return error.mean();
    case CompareFigure::Cosine: return error.cosine().value_or(kUnknown);
    default: return kUnknown;
    }
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
        return u"–"_s;
    switch (figure) {
    case CompareFigure::Sqnr: return std::isinf(value) ? u"exact"_s : QString::number(value, 'f', 1);
    case CompareFigure::Mse: return value == 0 ? u"0"_s : QString::number(value, 'e', 2);
    case CompareFigure::MeanError: return value == 0 ? u"0"_s : QString::number(value, 'e', 2).replace(u"-"_s, u"−"_s);
    case CompareFigure::MaxError: return value == 0 ? u"0"_s : QString::number(value, 'g', 4);
    case CompareFigure::Cosine: return QString::number(value, 'f', 5);
    case CompareFigure::CodesUsed: return groupedText(codesUsed) + u"/"_s + groupedText(codesTotal);
    default: return groupedText(static_cast<std::uint64_t>(value));
    }
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
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const double value = columns[i].hasFigures ? cost(columns[i], figure) : kUnknown;
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
