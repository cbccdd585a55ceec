#include "items/quantizer_texts.h"

#include "items/text.h"
#include "quant/fixed_point.h"
#include "report/layer_table.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

/// The most negative and the most positive value over all channels.
static std::pair<double, double> valueRange(const Quantizer &quantizer)
{
    const CodeRange range = codeRange(quantizer);
    double low = 0, high = 0;
    const auto &scales = quantizer.scale->values, &zeros = quantizer.zeroPoint->values;
    for (std::size_t c = 0; c < scales.size(); ++c) {
        const double zero = zeros.empty() ? 0 : static_cast<double>(zeros[zeros.size() == scales.size() ? c : 0]);
        low = std::min(low, (static_cast<double>(range.min) - zero) * static_cast<double>(scales[c]));
        high = std::max(high, (static_cast<double>(range.max) - zero) * static_cast<double>(scales[c]));
    }
    return {low, high};
}

QString scaleFullText(const Granular &scale) { return withPowers(qs(scaleText(scale))); }

QString typeText(const Quantizer &quantizer)
{
    if (quantizer.isComplete())
        if (const auto type = fixedType(quantizer))
            return qs(apFixedName(*type));
    if (quantizer.kind != QuantizerKind::Affine)
        return qs(quantizerKindName(quantizer.kind));
    const int bits = quantizer.wordBits();
    if (bits <= 0)
        return u"bit width unknown"_s;
    return (quantizer.isSigned.value_or(true) ? u"int"_s : u"uint"_s) + QString::number(bits);
}

static bool hasFiniteScales(const Quantizer &quantizer)
{
    return quantizer.scale && !quantizer.scale->values.empty()
        && std::ranges::all_of(quantizer.scale->values, [](float scale) { return std::isfinite(scale); });
}

QString rangeText(const Quantizer &quantizer, int digits)
{
    if (!quantizer.isComplete() || quantizer.kind == QuantizerKind::Minifloat || !hasFiniteScales(quantizer))
        return u"unknown"_s;
    const auto [low, high] = valueRange(quantizer);
    return (low == -high ? u"±"_s : inwardText(low, digits) + u" … "_s) + inwardText(high, digits);
}

QString codeRangeText(const Quantizer &quantizer)
{
    if (!quantizer.knowsCodes() || quantizer.kind == QuantizerKind::Minifloat)
        return u"unknown"_s;
    const CodeRange range = codeRange(quantizer);
    return wholeText(range.min) + (quantizer.kind == QuantizerKind::Binary ? u" and "_s : u" … "_s)
        + wholeText(range.max);
}

QString fractionText(const Quantizer &quantizer)
{
    if (quantizer.kind == QuantizerKind::Minifloat)
        return u"–"_s;
    if (!quantizer.scale)
        return u"unknown"_s;
    const auto bits = fractionalBits(*quantizer.scale);
    if (const int *one = std::get_if<int>(&bits))
        return wholeText(*one);
    if (const auto *many = std::get_if<std::vector<int>>(&bits); many && !many->empty()) {
        const auto [low, high] = std::minmax_element(many->begin(), many->end());
        return wholeText(*low) + u" … "_s + wholeText(*high);
    }
    return u"none"_s;
}

QString granularityText(const SlotQuantizer &slot)
{
    if (!slot.quantizer || !slot.quantizer->scale)
        return u"unknown"_s;
    if (slot.quantizer->blockSize)
        return u"blocks of "_s + QString::number(*slot.quantizer->blockSize);
    const Granular &scale = *slot.quantizer->scale;
    return scale.perTensor()          ? u"per tensor"_s
        : scale.axis.value_or(0) == 0 ? u"per channel"_s
                                      : u"per channel, axis "_s + QString::number(*scale.axis);
}

QString lsbText(const Quantizer &quantizer)
{
    if (!hasFiniteScales(quantizer))
        return u"unknown"_s;
    const auto [low, high] = std::minmax_element(quantizer.scale->values.begin(), quantizer.scale->values.end());
    if (*low == *high)
        return fractionalBits(*low) ? QString::number(static_cast<double>(*low), 'g', 9) : floatText(*low);
    return numberText(static_cast<double>(*low)) + u" … "_s + numberText(static_cast<double>(*high));
}

} // namespace quantscope
