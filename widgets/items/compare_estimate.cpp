#include "items/compare_estimate.h"

#include "items/text.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString rangeOf(const FixedType &type, int digits)
{
    const TypeLimits limits = typeLimits(type);
    const auto number = [digits](double value) { return inwardText(value, digits); };
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
    figures.push_back({u"fractional bits"_s, wholeText(type.fractionBits()), u"W − I"_s});
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
