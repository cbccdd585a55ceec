#include "items/flow_facts.h"

#include "items/run_texts.h"
#include "items/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString signedText(double value)
{
    const QString text = withMinus(QString::number(std::abs(value), 'g', 5));
    return value < 0 ? u"−"_s + text : text;
}

QString shareOfSeen(std::uint64_t count, std::uint64_t total)
{
    return shareText(total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total));
}

/// An operator that rounds within itself shows its codes alone.
bool isInputSeen(const FlowFigures &figures) { return !figures.hasCodes || figures.seen.clipped.has_value(); }

FigureText seenFigure(const FlowFigures &figures)
{
    const SlotStatistics &s = figures.seen;
    const QString values = countText(s.count, u"value"_s);
    if (!isInputSeen(figures))
        return {u"seen on data"_s, spanText(figures.low, figures.high),
            u"%1 that leave the quantizer; what flows into it is not seen, since the operator rounds within itself"_s
                .arg(values)};
    QString tip = u"smallest and largest of the %1 that flow in, over all samples"_s.arg(values);
    if (s.nonFinite > 0)
        tip += u"; %1 are NaN or infinite"_s.arg(groupedText(s.nonFinite));
    const bool hasRange = s.count > 0 && s.low <= s.high; // not of NaN alone
    return {
        u"seen on data"_s, hasRange ? spanText(static_cast<double>(s.low), static_cast<double>(s.high)) : u"–"_s, tip};
}

FigureText sqnrFigure(const FlowFigures &figures)
{
    const QuantizationError &error = figures.seen.error;
    if (!isInputSeen(figures))
        return {u"SQNR on data"_s, u"–"_s, u"what flows in is not seen"_s};
    return {u"SQNR on data"_s,
        error.isExact() && figures.seen.nonFinite == 0 ? u"exact"_s : decibelText(error.sqnrDb()),
        u"10 log₁₀(Σ x² / Σ e²), e = what leaves the quantizer − x, over all that flowed.\nΣ x² = %1, Σ e² = %2, "
        "largest |e| = %3"_s.arg(
            numberText(error.signalPower), numberText(error.errorPower), numberText(error.maxAbs))};
}

FigureText clippedOnData(const FlowFigures &figures)
{
    const SlotStatistics &s = figures.seen;
    return {u"clipped on data"_s, s.clipped ? shareOfSeen(*s.clipped, s.count) : u"–"_s,
        s.clipped ? u"%1 of %2 values that flow in lie beyond the range and saturate"_s.arg(
            groupedText(*s.clipped), groupedText(s.count))
                  : u"what flows in is not seen"_s};
}

FigureText zeroedOnData(const FlowFigures &figures)
{
    const SlotStatistics &s = figures.seen;
    return {u"rounded to 0 on data"_s, s.clipped ? shareOfSeen(s.zeroed, s.count) : u"–"_s,
        s.clipped ? u"%1 of %2 values that flow in are not zero but get the zero point as their code"_s.arg(
            groupedText(s.zeroed), groupedText(s.count))
                  : u"what flows in is not seen"_s};
}

FigureText atLimitOnData(const FlowFigures &figures, const QString &codes)
{
    const SlotStatistics &s = figures.seen;
    return {u"at limit on data"_s, shareOfSeen(s.atLimit, s.count),
        u"%1 of %2 codes equal an end of the range (%3)"_s.arg(groupedText(s.atLimit), groupedText(s.count), codes)};
}

FigureText codesOnData(const Quantizer &quantizer, const FlowFigures &figures)
{
    const SlotStatistics &s = figures.seen;
    const QString total = groupedText(quantizer.kind == QuantizerKind::Binary ? 2 : codeRange(quantizer).size());
    const QString used = s.codes.usedKnown ? groupedText(s.codes.used) : u"?"_s;
    if (figures.finite == 0)
        return {u"codes used on data"_s, u"0 / "_s + total, u"nothing with a code flowed"_s};
    return {u"codes used on data"_s, used + u" / "_s + total,
        u"%1 of the %2 codes %3 occurred, from %4 to %5"_s.arg(
            used, total, codeRangeText(quantizer), wholeText(s.codesMin), wholeText(s.codesMax))};
}

std::vector<FigureText> resultFigures(const FlowFigures &figures)
{
    const auto number = [](const std::optional<double> &value) { return value ? signedText(*value) : u"–"_s; };
    return {seenFigure(figures),
        {u"mean on data"_s, number(figures.mean()), u"of all finite values, summed in float64"_s},
        {u"RMS on data"_s, number(figures.rms()), u"root of the mean square of all finite values"_s},
        {u"values"_s, groupedText(figures.seen.count), u"elements of the result over all samples"_s}};
}

} // namespace

QString spanText(double low, double high) { return signedText(low) + u" … "_s + signedText(high); }

std::vector<FigureText> flowFigures(const SlotQuantizer *slot, const LayerFlow *flow)
{
    if (!slot)
        return flow ? resultFigures(flow->figures) : std::vector<FigureText>();
    auto out = slotFigures(*slot, nullptr);
    for (FigureText &figure : out)
        if (figure.name == u"range")
            figure.name = u"calibrated range"_s;
    if (!flow)
        return out;
    out.push_back(seenFigure(flow->figures));
    if (!flow->figures.hasCodes || !slot->quantizer)
        return out;
    const Quantizer &quantizer = *slot->quantizer;
    out.push_back(sqnrFigure(flow->figures));
    out.push_back(clippedOnData(flow->figures));
    out.push_back(atLimitOnData(flow->figures, codeRangeText(quantizer)));
    out.push_back(zeroedOnData(flow->figures));
    out.push_back(codesOnData(quantizer, flow->figures));
    return out;
}

std::vector<FigureText> flowFigures(const FlowTrialFigures &trial, const LayerFlow &own)
{
    const FixedType &type = trial.type;
    const TypeLimits limits = typeLimits(type);
    const auto estimated = [](double share) { return u"~"_s + shareText(share); };
    const QString bars = u"estimated from the bars; the exact figure follows from a run"_s;
    std::vector<FigureText> out;
    out.push_back({u"type"_s, qs(apFixedName(type)),
        u"tried: W = %1 bits, I = %2 of them left of the binary point, F = %3; nothing is changed"_s.arg(type.width)
            .arg(type.integerBits)
            .arg(type.fractionBits())});
    out.push_back({u"scale"_s, powerOfTwoText(-type.fractionBits()), u"the LSB of the tried type: 2^−F"_s});
    out.push_back({u"fractional bits"_s, wholeText(type.fractionBits()), u"W − I"_s});
    out.push_back({u"tried range"_s, spanText(type.isSigned ? -limits.negative : 0, limits.positive),
        u"of the tried type: full range, half to even, saturating"_s});
    out.push_back(seenFigure(own.figures));
    if (trial.exact) {
        out.push_back(sqnrFigure(trial.exact->figures));
        out.push_back(clippedOnData(trial.exact->figures));
        out.push_back(zeroedOnData(trial.exact->figures));
    } else {
        const auto &db = trial.estimate.sqnrDb;
        out.push_back({u"SQNR on data"_s, u"~"_s + (db ? decibelText(db) : u"exact"_s), bars});
        out.push_back({u"clipped on data"_s, estimated(trial.estimate.clipped), bars});
        out.push_back({u"rounded to 0 on data"_s, estimated(trial.estimate.zeroed), bars});
    }
    if (trial.accuracy)
        out.push_back({u"accuracy"_s,
            accuracyText(*trial.accuracy)
                + (trial.ownAccuracy ? u" "_s + accuracyChangeText(*trial.accuracy - *trial.ownAccuracy) : QString()),
            u"of the network with this type here, on the same data; the change is against what is shown now"_s});
    return out;
}

Fact seenFact(const LayerFlow &flow)
{
    const FlowFigures &figures = flow.figures;
    const FigureText seen = seenFigure(figures);
    QString detail = countText(figures.seen.count, u"value"_s);
    if (figures.hasCodes)
        detail = u"codes %1 … %2"_s.arg(figures.seen.codesMin).arg(figures.seen.codesMax)
            + (figures.seen.clipped ? u" · clipped "_s + shareOfSeen(*figures.seen.clipped, figures.seen.count)
                                    : QString())
            + u" · "_s + detail;
    return {.label = u"seen"_s,
        .value = seen.value,
        .word = u"on data"_s,
        .detail = detail,
        .source = seen.tip,
        .assumed = false};
}

SlotFacts resultFacts(const LayerFlow &flow)
{
    SlotFacts out;
    out.title = u"result"_s;
    out.subtitle = u"before any quantizer, on data"_s;
    for (const FigureText &figure : flowFigures(nullptr, &flow))
        out.rows.push_back({.label = QString(figure.name).remove(u" on data"_s),
            .value = figure.value,
            .word = u"on data"_s,
            .detail = figure.tip,
            .source = figure.tip,
            .assumed = false});
    return out;
}

} // namespace quantscope
