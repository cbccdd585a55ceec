#include "items/compare_estimate.h"

#include "items/text.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

/// Mean of (x - m)^2 for x evenly spread over [a, b].
double meanSquare(double a, double b, double m)
{
    return b > a ? (std::pow(b - m, 3) - std::pow(a - m, 3)) / (3 * (b - a)) : (a - m) * (a - m);
}

struct TypeLimits {
    double lsb, positive, negative; ///< largest magnitudes
    int top, fraction; ///< bars from `top` on saturate
};

TypeLimits limitsOf(const FixedType &type)
{
    const int top = type.integerBits - (type.isSigned ? 1 : 0);
    const double lsb = std::ldexp(1.0, -type.fractionBits());
    return {lsb, std::ldexp(1.0, top) - lsb, type.isSigned ? std::ldexp(1.0, top) : 0.0, top, type.fractionBits()};
}

/// Mean squared error of a weight in the bar [2^k, 2^(k+1)) that reaches no further than `reach`.
double barError(int k, double reach, double largest, const TypeLimits &limits)
{
    const double a = std::ldexp(1.0, k);
    const double b = std::clamp(reach, a, 2 * a);
    if (k >= limits.top || largest <= 0)
        return meanSquare(a, b, std::max(largest, 0.0));
    if (k <= -limits.fraction - 2)
        return meanSquare(a, b, 0);
    return limits.lsb * limits.lsb / 12; // evenly spread over a step, also between half an LSB and one
}

} // namespace

TypeEstimate estimateType(const BitWeightHistogram &histogram, double low, double high, const FixedType &type)
{
    const TypeLimits limits = limitsOf(type);
    double signal = 0, error = 0, clipped = 0, zeroed = 0;
    for (int k = BitWeightHistogram::kLowest; k <= BitWeightHistogram::kHighest; ++k) {
        const auto bar = static_cast<std::size_t>(k - BitWeightHistogram::kLowest);
        const auto up = static_cast<double>(histogram.positive[bar]),
                   down = static_cast<double>(histogram.negative[bar]);
        if (up + down == 0)
            continue;
        const double a = std::ldexp(1.0, k);
        signal
            += up * meanSquare(a, std::clamp(high, a, 2 * a), 0) + down * meanSquare(a, std::clamp(-low, a, 2 * a), 0);
        error += up * barError(k, high, limits.positive, limits) + down * barError(k, -low, limits.negative, limits);
        if (k >= limits.top)
            clipped += up + down;
        else if (!type.isSigned)
            clipped += k >= -limits.fraction - 1 ? down : 0; // what would round to 0 anyway is not clipped
        if (k <= -limits.fraction - 2 || (!type.isSigned && k < limits.top))
            zeroed += k <= -limits.fraction - 2 ? up + down : down;
    }
    const double total = static_cast<double>(std::max<std::uint64_t>(1, histogram.total()));
    TypeEstimate out{.sqnrDb = {}, .clipped = clipped / total, .zeroed = zeroed / total};
    if (signal > 0 && error > 0)
        out.sqnrDb = 10 * std::log10(signal / error);
    return out;
}

namespace {

QString rangeOf(const FixedType &type, int digits)
{
    const TypeLimits limits = limitsOf(type);
    const auto number = [digits](double value) { return QString::number(value, 'g', digits); };
    return (type.isSigned ? u"−"_s + number(limits.negative) : u"0"_s) + u" … "_s + number(limits.positive);
}

QString share(std::uint64_t count, std::uint64_t total)
{
    return shareText(total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total));
}

FigureText clippedFigure(const TypeEstimate &estimate, const SlotStatistics *s)
{
    const QString name = u"would be clipped"_s;
    if (!s)
        return {name, u"~"_s + shareText(estimate.clipped), u"estimated from the bars above the window"_s};
    return {name, share(s->clipped.value_or(0), s->count),
        u"%1 of %2 weights lie beyond the range of the tried type; %3 codes would equal an end of it"_s.arg(
            groupedText(s->clipped.value_or(0)), groupedText(s->count), groupedText(s->atLimit))};
}

} // namespace

std::vector<FigureText> trialFigures(
    const FixedType &type, const TypeEstimate &estimate, const CandidateResult *exact, const SlotStatistics &file)
{
    const SlotStatistics *s = exact && exact->figures ? &*exact->figures : nullptr;
    const QString lsb = powerOfTwoText(-type.fractionBits());
    std::vector<FigureText> figures;
    figures.push_back({u"type"_s, qs(apFixedName(type)),
        u"tried: W = %1 bits, I = %2 of them left of the binary point, F = %3; the file keeps its own until Apply"_s
            .arg(type.width)
            .arg(type.integerBits)
            .arg(type.fractionBits())});
    figures.push_back({u"scale"_s, lsb, u"the LSB of the tried type: 2^−F"_s});
    figures.push_back({u"fractional bits"_s, QString::number(type.fractionBits()), u"W − I"_s});
    figures.push_back({u"range"_s, rangeOf(type, 3),
        rangeOf(type, 9) + u"\nof the tried type; full range, half to even, saturating"_s});
    const auto db = s ? s->error.sqnrDb() : estimate.sqnrDb;
    figures.push_back({u"SQNR"_s, (s ? QString() : u"~"_s) + (db ? decibelText(db) : u"exact"_s),
        s ? u"exact, of the tried type: 10 log₁₀(Σ w² / Σ e²)"_s
          : u"estimated from the bars: weights evenly spread within each; the exact figure follows"_s});
    figures.push_back({u"at limit in file"_s, share(file.atLimit, file.count),
        u"codes of the file as it is that equal an end of its range: not of the tried type"_s});
    figures.push_back({u"rounded to 0"_s, s ? share(s->zeroed, s->count) : u"~"_s + shareText(estimate.zeroed),
        u"weights that would get code 0: |w| up to half an LSB"_s});
    figures.push_back({u"codes used"_s, QString(), QString()});
    figures.push_back(clippedFigure(estimate, s));
    return figures;
}

} // namespace quantscope
