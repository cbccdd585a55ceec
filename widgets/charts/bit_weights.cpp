#include "charts/bit_weights.h"

#include "items/text.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kTailBars = 6; // bars shown below the LSB before they are summed
static constexpr int kFreeBars = 28; // bars shown without a quantizer
static constexpr int kPointReach = 6; // columns added to bring the binary point into view

BitVerdict BitWindow::verdict(int k) const
{
    if (k >= top)
        return BitVerdict::Overflow;
    if (k + 1 <= bottom - 1)
        return BitVerdict::Underflow;
    return k < bottom ? BitVerdict::RoundsToLsb : BitVerdict::InRange;
}

BitWindow bitWindow(const FixedType &type)
{
    return {.top = static_cast<double>(type.integerBits - (type.isSigned ? 1 : 0)),
        .bottom = static_cast<double>(-type.fractionBits()),
        .word = type,
        .narrow = false};
}

std::optional<BitWindow> bitWindow(const Quantizer &quantizer)
{
    if (!quantizer.isComplete() || quantizer.kind != QuantizerKind::Affine || quantizer.scale->values.empty())
        return std::nullopt;
    if (const auto type = fixedType(quantizer)) {
        BitWindow window = bitWindow(*type);
        window.narrow = quantizer.narrow.value_or(false);
        return window;
    }
    const CodeRange range = codeRange(quantizer);
    const auto [low, high] = std::minmax_element(quantizer.scale->values.begin(), quantizer.scale->values.end());
    const double zero = quantizer.zeroPoint->values.empty() ? 0 : static_cast<double>(quantizer.zeroPoint->values[0]);
    const double reach = std::max(static_cast<double>(range.max) - zero, zero - static_cast<double>(range.min)) + 0.5;
    if (!(*low > 0) || !std::isfinite(*high) || !(reach > 0))
        return std::nullopt;
    return BitWindow{.top = std::log2(reach * static_cast<double>(*high)),
        .bottom = std::log2(static_cast<double>(*low)),
        .word = {},
        .narrow = quantizer.narrow.value_or(false)};
}

namespace {

struct Span {
    int high, low;
    bool tail = false;
};

Span spanOf(const BitWeightHistogram &histogram, const std::optional<BitWindow> &window)
{
    const int highest = histogram.highest().value_or(0);
    const int lowest = histogram.lowest().value_or(highest);
    if (!window)
        return {highest + 1, std::max(lowest, highest - kFreeBars), lowest < highest - kFreeBars};
    const int wordTop = window->word ? window->word->integerBits - 1 : static_cast<int>(std::ceil(window->top)) - 1;
    const int lsb = static_cast<int>(std::floor(window->bottom));
    Span span{
        std::max(highest, wordTop) + 1, std::max(std::min(lowest, lsb - 2), lsb - kTailBars), lowest < lsb - kTailBars};
    // The binary point lies at the upper edge of exponent -1: two columns beyond it, where that is not far away.
    if (span.high < 1 && 1 - span.high <= kPointReach)
        span.high = 1;
    if (span.low > -1 && span.low + 1 <= kPointReach)
        span.low = -1;
    return span;
}

} // namespace

std::vector<BitBar> bitBars(
    const BitWeightHistogram &histogram, const std::optional<BitWindow> &window, const std::optional<BitWindow> &also)
{
    Span span = spanOf(histogram, window);
    if (also) {
        const Span other = spanOf(histogram, also);
        span.tail = span.tail && (other.tail || span.low < other.low);
        span = {std::max(span.high, other.high), std::min(span.low, other.low), span.tail};
    }
    std::vector<BitBar> bars;
    const auto add = [&](BitBar &bar, int exponent) {
        if (exponent < BitWeightHistogram::kLowest || exponent > BitWeightHistogram::kHighest)
            return;
        bar.positive += histogram.positive[static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest)];
        bar.negative += histogram.negative[static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest)];
    };
    for (int exponent = span.high; exponent >= span.low; --exponent) {
        BitBar bar{.exponent = exponent, .verdict = window ? window->verdict(exponent) : BitVerdict::Unknown};
        add(bar, exponent);
        bars.push_back(bar);
    }
    if (span.tail) {
        bars.back().tail = true;
        for (int exponent = span.low - 1; exponent >= BitWeightHistogram::kLowest; --exponent)
            add(bars.back(), exponent);
    }
    return bars;
}

std::vector<double> overlayShares(const BitOverlay &overlay, const std::vector<BitBar> &bars)
{
    std::vector<double> shares(bars.size(), 0.0);
    const auto total = static_cast<double>(std::max<std::uint64_t>(1, overlay.histogram.total()));
    for (int exponent = BitWeightHistogram::kLowest; exponent <= BitWeightHistogram::kHighest; ++exponent) {
        const auto at = static_cast<std::size_t>(exponent - BitWeightHistogram::kLowest);
        const std::uint64_t count = overlay.histogram.positive[at] + overlay.histogram.negative[at];
        const int below = bars.empty() ? 0 : bars.front().exponent - exponent;
        if (count > 0 && below >= 0 && !bars.empty())
            shares[std::min(static_cast<std::size_t>(below), bars.size() - 1)] += static_cast<double>(count) / total;
    }
    return shares;
}

void makeRoomFor(
    const std::vector<BitOverlay> &overlays, const std::optional<BitWindow> &window, std::vector<BitBar> &bars)
{
    if (bars.empty())
        return;
    int high = bars.front().exponent;
    for (const BitOverlay &overlay : overlays)
        high = std::max(high, overlay.histogram.highest().value_or(high));
    for (int exponent = bars.front().exponent + 1; exponent <= high; ++exponent)
        bars.insert(bars.begin(),
            BitBar{.exponent = exponent, .verdict = window ? window->verdict(exponent) : BitVerdict::Unknown});
}

QString verdictText(BitVerdict verdict)
{
    switch (verdict) {
    case BitVerdict::InRange: return u"representable"_s;
    case BitVerdict::RoundsToLsb: return u"rounds to 0 or ±1 LSB"_s;
    case BitVerdict::Overflow: return u"overflow: saturates at the limit"_s;
    case BitVerdict::Underflow: return u"underflow: rounds to 0"_s;
    case BitVerdict::Unknown: return u"no quantizer"_s;
    }
    return {};
}

QString barQuery(const BitBar &bar, const QString &subject)
{
    const QString from = bar.tail ? u"> 0"_s : u">= 2^%1"_s.arg(bar.exponent);
    return u"%1 %2 and %1 < 2^%3"_s.arg(subject, from).arg(bar.exponent + 1);
}

QString describeBar(const BitBar &bar, std::uint64_t total, const QString &subject)
{
    const QString upper = powerOfTwoText(bar.exponent + 1);
    const QString interval = bar.tail ? u"0 < %1 < "_s.arg(subject) + upper
                                      : u"%1 in ["_s.arg(subject) + powerOfTwoText(bar.exponent) + u", "_s + upper + u") = ["_s
            + numberText(std::ldexp(1.0, bar.exponent)) + u", "_s + numberText(std::ldexp(1.0, bar.exponent + 1))
            + u")"_s;
    const double share = total == 0 ? 0 : static_cast<double>(bar.count()) / static_cast<double>(total);
    return u"%1\n%2 of %3 (%4)\n%5 positive, %6 negative\n%7"_s.arg(interval, groupedText(bar.count()),
        groupedText(total), shareText(share), groupedText(bar.positive), groupedText(bar.negative),
        verdictText(bar.verdict));
}

} // namespace quantscope
