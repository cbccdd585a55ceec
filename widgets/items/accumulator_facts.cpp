#include "items/accumulator_facts.h"

#include "items/text.h"
#include "report/accumulators_report.h"

#include <QStringList>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString rangeLine(const Network &network, const AccumulatorRange &range)
{
    const QString bits = (range.overflows() ? u"■ "_s : QString()) + u"Accumulator bits: "_s + qs(bitsText(range));
    QStringList parts{bits, u"sums %1 … %2"_s.arg(wholeText(range.min), wholeText(range.max))};
    if (range.channels.size() > 1)
        parts << u"channel %1 needs most"_s.arg(range.channel);
    parts << (range.biasIncluded ? u"with the bias"_s : u"no bias in it"_s)
          << u"input "_s + shownText(inputName(network, range.input));
    return parts.join(u" · "_s);
}

static QString rangeTip(const AccumulatorRange &range)
{
    QString tip
        = u"The smallest and largest sum of weight code times input code, zero points subtracted from both, over "
          u"all inputs in the range of the input's quantizer"_s;
    tip += range.biasIncluded ? u", plus the bias code, whose step is that of the sums; "_s : u"; "_s;
    tip += u"%1 in one sum at most, bits in two's complement"_s.arg(countText(range.terms, u"product"_s));
    if (!range.bound.empty())
        tip += u"\nat most, since "_s + shownText(range.bound);
    if (!range.requantizations.empty())
        tip += u"\nonto the next scale: factor = weight scale · input scale / output scale, as a 32-bit multiplier and "
               u"a "
               u"shift, and as a shift alone"_s;
    return tip;
}

/// Figures as the window writes them; a name stays what it is.
static QString ontoText(const Network &network, const Requantization &onto)
{
    const QString text = shownText(requantizationText(network, onto));
    const qsizetype name = shownText(inputName(network, onto.output)).size();
    return text.left(name) + withExponents(text.mid(name));
}

AccumulatorFacts accumulatorFacts(const Network &network, const Accumulators &sums, LayerId layer)
{
    AccumulatorFacts out;
    const auto known = std::ranges::find(sums.known, layer, &AccumulatorRange::layer);
    if (known != sums.known.end()) {
        out.text = rangeLine(network, *known);
        for (const Requantization &onto : known->requantizations)
            out.text += u"\nonto "_s + ontoText(network, onto);
        out.tip = rangeTip(*known);
        out.overflows = known->overflows();
        return out;
    }
    const auto unknown = std::ranges::find(sums.unknown, layer, &UnknownAccumulator::layer);
    if (unknown != sums.unknown.end())
        out = {u"Accumulator: not known: "_s + shownText(unknown->why),
            u"The range of a layer's sums follows from its weight codes and from the range of its input's quantizer"_s};
    return out;
}

} // namespace quantscope
