#include "items/facts.h"

#include "items/text.h"
#include "network/switched_off.h"
#include "quant/fixed_point.h"
#include "quant/known_rounding.h"
#include "report/layer_table.h"

#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <array>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

QString yesNo(const std::optional<bool> &value) { return value ? (*value ? u"yes"_s : u"no"_s) : u"unknown"_s; }

Fact fact(const Quantizer &quantizer, const QString &label, const char *key, const QString &value)
{
    Fact f{.label = label, .value = value, .word = {}, .detail = {}, .source = {}, .assumed = false};
    if (const auto found = quantizer.origin.find(key); found != quantizer.origin.end()) {
        f.word = qs(originName(found->second.origin));
        f.detail = withPowers(shownText(found->second.detail));
        f.source = f.detail;
        f.assumed = found->second.origin == Origin::Assumed;
    }
    return f;
}

Fact computed(const QString &label, const QString &value, const QString &detail)
{
    return {
        .label = label, .value = value, .word = u"computed"_s, .detail = detail, .source = detail, .assumed = false};
}

QString zeroPointText(const Granular &zeroPoint)
{
    if (std::ranges::all_of(zeroPoint.values, [](float z) { return z == 0; }))
        return u"0"_s;
    return zeroPoint.perTensor() ? floatText(zeroPoint.values[0]) : countText(zeroPoint.values.size(), u"value"_s);
}

QString bitsText(const Quantizer &quantizer)
{
    if (quantizer.bitWidth)
        return QString::number(*quantizer.bitWidth);
    return quantizer.storageBits ? u"unknown, stored in "_s + QString::number(*quantizer.storageBits) : u"unknown"_s;
}

QString formulaText(const SlotQuantizer &slot)
{
    const Quantizer &quantizer = *slot.quantizer;
    QStringList lines;
    if (!slot.formula.empty())
        lines << withPowers(qs(slot.formula));
    if (quantizer.kind == QuantizerKind::Minifloat)
        return lines.join(u'\n');
    const auto bits = fractionalBits(*quantizer.scale);
    const bool zero = zeroPointText(*quantizer.zeroPoint) == u"0"_s;
    if (slot.formula.find("value =") != std::string::npos && !std::holds_alternative<int>(bits))
        return lines.join(u'\n');
    const QString code = zero ? u"code"_s : u"(code − zero point)"_s;
    if (const int *f = std::get_if<int>(&bits))
        lines << u"frac bits = −log₂ "_s + powerOfTwoText(-*f) + u" = "_s + wholeText(*f) + u" · value = "_s + code
                + u" · "_s + powerOfTwoText(-*f);
    else if (quantizer.scale->perTensor())
        lines << u"value = "_s + code + u" · "_s + floatText(quantizer.scale->values[0])
                + u" · no power of two, so no fractional bits"_s;
    else
        lines << u"value = "_s + code + u" · scale of its channel"_s;
    return lines.join(u'\n');
}

QString missingText(const SlotQuantizer &slot)
{
    if (slot.tensor && !slot.tensor->problem.empty())
        return shownText(slot.tensor->problem);
    if (slot.tensor)
        return isFloating(slot.tensor->dtype) ? u"a float tensor without a quantizer: nothing to export"_s
                                              : u"elements whose codes are not known: nothing to export"_s;
    return isSwitchedOff(slot) ? u"no quantizer: it is switched off"_s
                               : u"the quantizer is not known: see the problems below"_s;
}

Fact roundingFact(const SlotQuantizer &slot)
{
    const auto rounding = knownRounding(*slot.quantizer);
    Fact f = fact(*slot.quantizer, u"rounding"_s, "rounding", rounding ? qs(roundingName(*rounding)) : u"unknown"_s);
    if (!rounding && slot.holdsCodes() && slot.quantizer->knowsCodes())
        f.detail = u"the file holds the codes"_s;
    return f;
}

/// "Quant node /conv1/weight_quant/Quant, input 1", "fix conv1_weight_fix, fix_point 8" -> where the node ends and the
/// place in it begins; -1 for other details.
qsizetype endOfNode(const QString &detail)
{
    static const QRegularExpression place(u" node |, (fix_point [−-]?\\d+|bit_width|if_signed|round_mode \\w+)$"_s);
    return detail.contains(place) ? detail.lastIndexOf(u", "_s) : -1;
}

/// Who confirmed a field is said once for all of them.
QString takeConfirmation(Fact &row)
{
    static const QRegularExpression ending(u"(?:^|, )(confirmed by .+)$"_s);
    const auto match = ending.match(row.detail);
    row.detail.truncate(match.hasMatch() ? match.capturedStart() : row.detail.size());
    return match.captured(1);
}

/// A preset's name stands in the card's title: beside a field, say what it decided.
void explainPreset(Fact &row, const SlotQuantizer &slot)
{
    if (const qsizetype end = endOfNode(row.detail); end > 0)
        row.detail = row.detail.mid(end + 2);
    if (slot.preset.empty() || row.detail != qs(slot.preset))
        return;
    if (row.label == u"bits")
        row.detail = u"as its name says"_s;
    else if (row.label == u"signed")
        row.detail = slot.quantizer->isSigned.value_or(true) ? u"two’s complement"_s : u"no negative codes"_s;
    else if (row.label == u"rounding")
        row.detail = slot.quantizer->rounding == Rounding::Round ? u"half to even"_s : QString();
    else if (row.label == u"narrow")
        row.detail.clear();
}

QString narrowDetail(const Quantizer &quantizer, const QString &detail)
{
    if (!quantizer.isComplete() || quantizer.kind != QuantizerKind::Affine || !quantizer.narrow)
        return detail;
    const CodeRange full = codeRange(quantizer.wordBits(), *quantizer.isSigned, false);
    const QString unused = wholeText(*quantizer.isSigned ? full.min : full.max);
    const QString words = *quantizer.narrow ? unused + u" is never used"_s : u"full range"_s;
    return detail.isEmpty() ? words : words + u" · "_s + detail;
}

} // namespace

/// Of a tensor that the file does not hold itself.
static void appendTensor(SlotFacts &facts, const SlotQuantizer &slot)
{
    if (!slot.computed.empty())
        facts.rows.push_back(computed(u"tensor"_s, qs(slot.tensorName), qs(slot.computed)));
}

static void appendDerived(SlotFacts &facts, const SlotQuantizer &slot)
{
    const Quantizer &quantizer = *slot.quantizer;
    const std::size_t scales = quantizer.scale ? quantizer.scale->values.size() : 0;
    facts.rows.push_back(computed(
        u"granularity"_s, granularityText(slot), scales == 1 ? u"one scale"_s : countText(scales, u"scale"_s)));
    if (quantizer.knowsCodes() && !quantizer.isComplete())
        facts.rows.push_back(computed(u"codes"_s, codeRangeText(quantizer), u"the integers that the file stores"_s));
    if (!quantizer.isComplete())
        return;
    if (const auto type = fixedType(quantizer))
        facts.rows.push_back(
            computed(u"Qm.n"_s, wholeText(type->integerBits) + u"."_s + wholeText(type->fractionBits()),
                type->isSigned ? u"m = bits − n, with sign"_s : u"m = bits − n"_s));
    facts.rows.push_back(computed(u"range"_s, rangeText(quantizer, 7), u"codes "_s + codeRangeText(quantizer)));
    if (quantizer.kind != QuantizerKind::Minifloat)
        facts.rows.push_back(computed(u"LSB"_s, lsbText(quantizer), u"equals the scale"_s));
}

SlotFacts slotFacts(const SlotQuantizer &slot)
{
    SlotFacts facts;
    facts.title = qs(slot.slot);
    facts.subtitle = slot.preset.empty() ? shownText(slot.tensorName) : shownText(slot.preset);
    facts.assumed = slot.assumed;
    facts.contradiction = slot.proof == ProofVerdict::Differs ? shownText(slot.proofDifference) : QString();
    if (!slot.sharedWith.empty())
        facts.subtitle += u" · shared with "_s + shownText(slot.sharedWith);
    if (!slot.quantizer) {
        facts.type = slot.tensor ? qs(dtypeName(slot.tensor->dtype)) : QString();
        facts.problem = missingText(slot);
        appendTensor(facts, slot);
        return facts;
    }
    const Quantizer &quantizer = *slot.quantizer;
    facts.type = typeText(quantizer);
    facts.rows.push_back(
        fact(quantizer, u"scale"_s, "scale", quantizer.scale ? scaleFullText(*quantizer.scale) : u"unknown"_s));
    facts.rows.push_back(fact(quantizer, u"zero point"_s, "zero_point",
        quantizer.zeroPoint ? zeroPointText(*quantizer.zeroPoint) : u"unknown"_s));
    facts.rows.push_back(fact(quantizer, u"bits"_s, "bit_width", bitsText(quantizer)));
    facts.rows.push_back(fact(quantizer, u"signed"_s, "signed", yesNo(quantizer.isSigned)));
    facts.rows.push_back(fact(quantizer, u"narrow"_s, "narrow", yesNo(quantizer.narrow)));
    facts.rows.push_back(roundingFact(slot));
    QStringList confirmed;
    for (Fact &row : facts.rows) {
        confirmed << takeConfirmation(row);
        explainPreset(row, slot);
        if (row.label == u"narrow")
            row.detail = narrowDetail(quantizer, row.detail);
    }
    appendTensor(facts, slot);
    appendDerived(facts, slot);
    if (quantizer.isComplete())
        facts.formula = formulaText(slot);
    confirmed.removeDuplicates();
    confirmed.removeAll(QString());
    facts.formula += confirmed.isEmpty() ? QString() : u'\n' + confirmed.join(u'\n');
    return facts;
}

static QString computedTip(const SlotQuantizer &slot, const char *key)
{
    const auto found = slot.quantizer->origin.find(key);
    return found == slot.quantizer->origin.end() ? QString() : withPowers(qs(found->second.text()));
}

static void appendStatistics(std::vector<FigureText> &figures, const Quantizer &quantizer, const SlotStatistics *s)
{
    const bool minifloat = quantizer.kind == QuantizerKind::Minifloat;
    if (!s || minifloat) {
        for (const QString &name : {u"SQNR"_s, u"at limit in file"_s, u"rounded to 0"_s, u"codes used"_s})
            figures.push_back({name, minifloat ? u"–"_s : u"…"_s,
                minifloat ? u"not computed for minifloats"_s : u"being computed"_s});
        return;
    }
    const double count = static_cast<double>(std::max<std::uint64_t>(1, s->count));
    // Without an SQNR and with an error the floats are all zero.
    figures.push_back({u"SQNR"_s,
        s->hasFloats && s->error.isExact() && s->nonFinite == 0
            ? u"exact"_s
            : decibelText(s->hasFloats ? s->error.sqnrDb() : std::nullopt),
        s->hasFloats ? u"10 log₁₀(Σ w² / Σ e²), e = value − float weight, summed in float64.\nΣ w² = %1, "
                       "Σ e² = %2, largest |e| = %3"_s.arg(numberText(s->error.signalPower),
                           numberText(s->error.errorPower), numberText(s->error.maxAbs))
                     : u"the file holds only the codes: there are no float weights to compare with"_s});
    figures.push_back({u"at limit in file"_s, shareText(static_cast<double>(s->atLimit) / count),
        u"%1 of %2 codes equal an end of the range (%3)"_s.arg(
            groupedText(s->atLimit), groupedText(s->count), codeRangeText(quantizer))
            + (s->clipped ? u"; %1 were clipped: their rounded code lay beyond it"_s.arg(groupedText(*s->clipped))
                          : QString()),
        s->atLimit > 0 ? u"at limit"_s : QString()});
    figures.push_back({u"rounded to 0"_s, s->hasFloats ? shareText(static_cast<double>(s->zeroed) / count) : u"–"_s,
        s->hasFloats ? u"%1 of %2 weights are not zero but get the zero point as their code"_s.arg(
            groupedText(s->zeroed), groupedText(s->count))
                     : u"the file holds only the codes"_s,
        s->hasFloats && s->zeroed > 0 ? u"zeroed"_s : QString()});
    const QString total = groupedText(quantizer.kind == QuantizerKind::Binary ? 2 : codeRange(quantizer).size());
    const QString used = s->codes.usedKnown ? groupedText(s->codes.used) : u"?"_s; // more than are told apart
    figures.push_back({u"codes used"_s, used + u" / "_s + total,
        u"%1 of the %2 codes %3 occur at least once"_s.arg(used, total, codeRangeText(quantizer))});
}

std::vector<FigureText> slotFigures(const SlotQuantizer &slot, const SlotStatistics *statistics)
{
    if (!slot.quantizer || !slot.quantizer->knowsCodes())
        return {{u"type"_s, slot.tensor ? qs(dtypeName(slot.tensor->dtype)) : u"unknown"_s, missingText(slot)}};
    const Quantizer &quantizer = *slot.quantizer;
    std::vector<FigureText> figures;
    figures.push_back({u"type"_s, typeText(quantizer),
        fixedType(quantizer)
            ? u"holds every value exactly: %1 bits, binary point after bit %2"_s.arg(quantizer.wordBits())
                  .arg(fractionText(quantizer))
            : quantizer.kind == QuantizerKind::Codebook
            ? u"a code is a place in a table of values: no scale describes those"_s
            : !quantizer.isComplete() ? u"the element type of the file: it has these integers and no scale"_s
            : quantizer.kind == QuantizerKind::Minifloat
            ? u"floats of %1 bits: no fixed-point type"_s.arg(quantizer.wordBits())
            : u"no fixed-point type holds the values exactly: the scale is not one power of two, "
              "or there is a zero point"_s});
    figures.push_back({u"scale"_s, quantizer.scale ? scaleFullText(*quantizer.scale) : u"unknown"_s,
        quantizer.scale ? computedTip(slot, "scale") : u"the file has these integers and no scale"_s});
    figures.push_back(
        {u"fractional bits"_s, fractionText(quantizer), u"−log₂ of the scale, where it is a power of two"_s});
    const QString codes = quantizer.kind == QuantizerKind::Minifloat
        ? QString()
        : u"\ncodes "_s + codeRangeText(quantizer) + (quantizer.isComplete() ? u" times the scale"_s : QString());
    figures.push_back({u"range"_s, rangeText(quantizer, 3), rangeText(quantizer) + codes});
    if (slot.tensor) // an activation has no values to count
        appendStatistics(figures, quantizer, statistics);
    return figures;
}

std::vector<Fact> provenanceLine(const SlotQuantizer &slot)
{
    if (!slot.quantizer)
        return {};
    const Quantizer &quantizer = *slot.quantizer;
    std::vector<Fact> line;
    static const std::array<std::pair<const char *, const char16_t *>, 6> kKeys{
        {{"scale", u"scale"}, {"zero_point", u"zero point"}, {"bit_width", u"bits"}, {"signed", u"signed"},
            {"narrow", u"narrow"}, {"rounding", u"rounding"}}};
    for (const auto &[key, label] : kKeys) {
        Fact next = fact(quantizer, QString::fromUtf16(label), key, {});
        if (const qsizetype end = endOfNode(next.detail); end > 0)
            next.detail.truncate(end); // one node says it all: name it once
        if (next.word.isEmpty())
            continue;
        const auto same = std::find_if(
            line.begin(), line.end(), [&](const Fact &f) { return f.word == next.word && f.detail == next.detail; });
        if (same != line.end())
            same->label += u", "_s + next.label;
        else
            line.push_back(next);
    }
    return line;
}

} // namespace quantscope
