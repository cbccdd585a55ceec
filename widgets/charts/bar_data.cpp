#include "charts/bar_data.h"

#include "analysis/value_histogram.h"
#include "base/text.h"
#include "items/text.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString shareOf(std::uint64_t count, std::uint64_t total)
{
    return u"%1 of %2 (%3)"_s.arg(groupedText(count), groupedText(total),
        shareText(total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total)));
}

static void addLimits(BarData &data, const Quantizer &quantizer)
{
    if (!quantizer.isComplete() || quantizer.kind != QuantizerKind::Affine || !quantizer.scale->perTensor())
        return;
    const CodeRange range = codeRange(quantizer);
    const double scale = static_cast<double>(quantizer.scale->values[0]);
    const double zero = quantizer.zeroPoint->values.empty() ? 0 : static_cast<double>(quantizer.zeroPoint->values[0]);
    for (const std::int64_t end : {range.min, range.max}) {
        const double limit = (static_cast<double>(end) - zero) * scale;
        if (!std::isfinite(limit))
            return data.markers.clear();
        data.markers.push_back({limit, u"limit %1 = code %2"_s.arg(numberText(limit), wholeText(end))});
    }
    // The limits belong to the picture, unless they would squeeze the values into a few bars.
    const double span = data.high - data.low;
    std::erase_if(data.markers,
        [&](const BarMarker &marker) { return marker.x < data.low - 2 * span || marker.x > data.high + 2 * span; });
}

/// Empty bins on both sides so that the limits are in view.
static void widen(BarData &data, double width)
{
    double low = data.low;
    double high = data.high;
    for (const BarMarker &marker : data.markers) {
        low = std::min(low, marker.x);
        high = std::max(high, marker.x);
    }
    const double before = std::ceil((data.low - low) / width) + 1, after = std::ceil((high - data.high) / width) + 1;
    const auto room
        = static_cast<double>(BarChart::kMaxBars - std::min(BarChart::kMaxBars, data.sets.front().values.size()));
    if (!(before + after <= room)) // also when they are not finite
        return;
    for (BarSet &set : data.sets) {
        set.values.insert(set.values.begin(), static_cast<std::size_t>(before), 0.0);
        set.values.insert(set.values.end(), static_cast<std::size_t>(after), 0.0);
    }
    data.low -= before * width;
    data.high += after * width;
}

std::optional<ValueWindow> valueWindow(const SlotStatistics &statistics, double zoom, std::size_t bins)
{
    ValueWindow window;
    window.bins = bins;
    window.low = static_cast<double>(statistics.low);
    window.high = static_cast<double>(statistics.high);
    const std::optional<int> top = statistics.bitWeights.highest();
    if (!std::isfinite(window.low) || !std::isfinite(window.high)) {
        if (!top && statistics.bitWeights.zeros == 0)
            return std::nullopt;
        window.high = std::ldexp(1.0, top.value_or(0) + 1); // every finite value lies within the next power of two
        window.low = -window.high;
    }
    if (!(window.high > window.low)) { // one value: it stands in the middle
        const double around = window.low == 0 ? 1 : std::abs(window.low) / 2;
        window.low -= around;
        window.high += around;
    }
    window.low /= zoom;
    window.high /= zoom;
    return window;
}

static QString queryNumber(double value) { return qs(shortest(value)); }

/// The bins of a histogram among bars that may begin before it and end behind it.
struct BinEdges {
    double first, width, low, high; ///< of the bars; of the histogram
    /// Where bar i begins, exactly where the histogram begins or ends there.
    double edge(std::size_t bar) const
    {
        const double at = first + static_cast<double>(bar) * width;
        return std::abs(at - low) < width / 2 ? low : std::abs(at - high) < width / 2 ? high : at;
    }
};

/// The last bin holds its upper end too.
static QString binQuery(const BinEdges &edges, std::size_t bar, const QString &subject)
{
    const double from = edges.edge(bar);
    const double to = edges.edge(bar + 1);
    return u"%1 %2 %3 and %1 %4 %5"_s.arg(subject, from == edges.high ? u">"_s : u">="_s, queryNumber(from),
        to == edges.high ? u"<="_s : u"<"_s, queryNumber(to));
}

/// Bins with a value that can be represented, and those beyond the limits.
static void fillBins(BarData &data, const ValueHistogram &histogram, const Quantizer *quantizer, double width)
{
    double low = -INFINITY;
    double high = INFINITY;
    if (data.markers.size() == 2) {
        // Half a step beyond its limit a value still rounds to the last code: it is not clipped.
        const double half = static_cast<double>(quantizer->scale->values[0]) / 2;
        low = data.markers[0].x - half;
        high = data.markers[1].x + half;
    }
    for (std::size_t i = 0; i < histogram.bins.size(); ++i) {
        const double from = data.low + static_cast<double>(i) * width;
        const bool inside = from <= high && from + width >= low; // some of its values can be represented
        data.sets[0].values.push_back(inside ? static_cast<double>(histogram.bins[i]) : 0);
        data.sets[1].values.push_back(inside ? 0 : static_cast<double>(histogram.bins[i]));
    }
}

BarData valueBars(const ValueHistogram &histogram, const Quantizer *quantizer, std::uint64_t total, bool zoomed,
    const QString &subject)
{
    BarData data;
    data.low = histogram.low;
    data.high = histogram.high > histogram.low ? histogram.high : histogram.low + 1;
    const double width = (data.high - data.low) / static_cast<double>(std::max<std::size_t>(1, histogram.bins.size()));
    data.xTitle = u"value of the float weight"_s;
    data.yTitle = u"elements per bin"_s;
    data.sets = {{u"in range"_s, BarRole::Ordinary, {}}, {u"beyond the limits"_s, BarRole::Bad, {}}};
    if (quantizer)
        addLimits(data, *quantizer);
    fillBins(data, histogram, quantizer, width);
    if (zoomed) // the picture is the window that was asked for
        std::erase_if(
            data.markers, [&](const BarMarker &marker) { return marker.x < data.low || marker.x > data.high; });
    else
        widen(data, width);
    data.query = [edges = BinEdges{data.low, width, histogram.low, histogram.high}, subject](
                     std::size_t bar) { return binQuery(edges, bar, subject); };
    data.describe = [first = data.low, width, sets = data.sets, total](std::size_t bar) {
        const double from = first + static_cast<double>(bar) * width;
        const auto count = static_cast<std::uint64_t>(sets[0].values[bar] + sets[1].values[bar]);
        return u"[%1, %2)\n%3\n%4"_s.arg(numberText(from), numberText(from + width), shareOf(count, total),
            sets[1].values[bar] > 0 ? u"beyond the limits: saturates"_s : u"in range"_s);
    };
    return data;
}

/// Sums neighbouring codes until the bars fit.
static std::vector<double> rebinned(const CodeHistogram &histogram, std::uint64_t merge)
{
    std::vector<double> bars((histogram.bins.size() + merge - 1) / merge, 0.0);
    for (std::size_t i = 0; i < histogram.bins.size(); ++i)
        bars[i / merge] += static_cast<double>(histogram.bins[i]);
    return bars;
}

BarData logCounts(BarData data)
{
    for (BarSet &set : data.sets)
        for (double &value : set.values)
            value = std::log10(value + 1);
    data.yTitle = u"elements, logarithmic"_s;
    data.logCounts = true;
    return data;
}

/// Codes that never occur get a mark on the axis: an empty place would not tell them from few.
static void addUnused(BarData &data, const std::vector<double> &bars, const std::function<bool(std::size_t)> &isCode)
{
    std::size_t unused = 0;
    for (std::size_t i = 0; i < bars.size(); ++i)
        unused += bars[i] == 0 && isCode(i) ? 1u : 0u;
    if (unused == 0)
        return;
    const double mark = *std::max_element(bars.begin(), bars.end()) / 80;
    BarSet set{u"never used (%1)"_s.arg(unused), BarRole::Warning, {}};
    for (std::size_t i = 0; i < bars.size(); ++i)
        set.values.push_back(bars[i] == 0 && isCode(i) ? mark : 0);
    data.sets.push_back(std::move(set));
}

/// `inside` of them are codes within the range, `ends` its ends.
static QString describeCodes(std::int64_t code, std::int64_t width, double inside, double ends, std::uint64_t total)
{
    const auto count = static_cast<std::uint64_t>(inside + ends);
    const QString name = width == 1 ? u"code %1"_s.arg(wholeText(code))
                                    : u"codes %1 … %2"_s.arg(wholeText(code), wholeText(code + width - 1));
    return name + u"\n"_s + (count == 0 ? u"never used"_s : shareOf(count, total))
        + (ends > 0 ? u"\nan end of the range"_s : QString());
}

BarData codeBars(const CodeHistogram &histogram, const Quantizer &quantizer, std::uint64_t total)
{
    BarData data;
    const std::uint64_t merge
        = std::max<std::uint64_t>(1, (histogram.bins.size() + BarChart::kMaxBars - 1) / BarChart::kMaxBars);
    const std::vector<double> bars = rebinned(histogram, merge);
    const double width = static_cast<double>(histogram.width * merge);
    data.low = static_cast<double>(histogram.first) - 0.5;
    data.high = data.low + width * static_cast<double>(bars.size());
    data.xTitle = width == 1 ? u"code"_s : u"code, %1 codes per bar"_s.arg(groupedText(histogram.width * merge));
    data.yTitle = u"elements"_s;
    data.wholeNumbers = true;
    data.sets = {{u"codes"_s, BarRole::Ordinary, {}}, {u"ends of the range"_s, BarRole::Bad, {}}};
    const CodeRange range = codeRange(quantizer);
    for (const std::int64_t end : {range.min, range.max})
        data.markers.push_back({static_cast<double>(end), u"end %1"_s.arg(wholeText(end))});
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double from = data.low + static_cast<double>(i) * width;
        const auto holds = [&](std::int64_t code) {
            return static_cast<double>(code) > from && static_cast<double>(code) < from + width;
        };
        const bool end = width == 1 && (holds(range.min) || holds(range.max));
        data.sets[0].values.push_back(end ? 0 : bars[i]);
        data.sets[1].values.push_back(end ? bars[i] : 0);
    }
    const auto isCode = [first = histogram.first, binary = quantizer.kind == QuantizerKind::Binary](
                            std::size_t bar) { return !binary || first + static_cast<std::int64_t>(bar) != 0; };
    if (width == 1)
        addUnused(data, bars, isCode);
    data.query = [first = histogram.first, width](std::size_t bar) {
        const auto code = first + static_cast<std::int64_t>(static_cast<double>(bar) * width);
        return width == 1 ? u"code = %1"_s.arg(code)
                          : u"code >= %1 and code < %2"_s.arg(code).arg(code + static_cast<std::int64_t>(width));
    };
    data.describe = [first = histogram.first, width, sets = data.sets, total, isCode](std::size_t bar) {
        const auto code = first + static_cast<std::int64_t>(static_cast<double>(bar) * width);
        if (width == 1 && !isCode(bar))
            return u"%1 is no code of a binary quantizer"_s.arg(wholeText(code));
        return describeCodes(code, static_cast<std::int64_t>(width), sets[0].values[bar], sets[1].values[bar], total);
    };
    return data;
}

/// NaN where it is not known.
static double metricOf(const ChannelModel &model, int row, ChannelMetric metric)
{
    const int column = metric == ChannelMetric::Scale ? ChannelModel::Scale
        : metric == ChannelMetric::Sqnr               ? ChannelModel::Sqnr
        : metric == ChannelMetric::AtLimit            ? ChannelModel::AtLimit
                                                      : ChannelModel::High;
    const double value = model.number(row, column);
    return metric == ChannelMetric::AtLimit ? value * 100 : value;
}

static constexpr double kNoFigure = std::numeric_limits<double>::quiet_NaN();

/// Of the channels that share a bar, as far as they are known.
struct BarEnds {
    double smallest = kNoFigure, largest = kNoFigure;
    void add(double low, double high)
    {
        smallest = low > smallest || std::isnan(low) ? smallest : low;
        largest = high < largest || std::isnan(high) ? largest : high;
    }
};

static QString figureText(double value) { return std::isnan(value) ? u"–"_s : numberText(value); }

BarData channelBars(const ChannelModel &model, ChannelMetric metric)
{
    const auto count = static_cast<std::size_t>(model.rowCount());
    const std::size_t merge = std::max<std::size_t>(1, (count + BarChart::kMaxBars - 1) / BarChart::kMaxBars);
    const std::size_t bars = (count + merge - 1) / merge;
    BarData data;
    data.low = -0.5;
    data.high = static_cast<double>(bars * merge) - 0.5;
    data.wholeNumbers = true;
    const QString channel = model.isSeen() ? u"channel"_s : u"output channel"_s;
    data.xTitle = merge == 1 ? channel : channel + u", the largest of %1 per bar"_s.arg(merge);
    data.yTitle = metric == ChannelMetric::Scale ? u"scale"_s
        : metric == ChannelMetric::Sqnr          ? u"SQNR, dB"_s
        : metric == ChannelMetric::AtLimit       ? u"% at the limits"_s
        : model.isSeen()                         ? u"smallest and largest seen on data"_s
                                                 : u"smallest and largest weight"_s;
    const bool range = metric == ChannelMetric::Range;
    std::vector<BarEnds> ends(bars);
    for (std::size_t i = 0; i < count; ++i) {
        const double value = metricOf(model, static_cast<int>(i), metric);
        ends[i / merge].add(range ? model.number(static_cast<int>(i), ChannelModel::Low) : value, value);
    }
    data.sets = {{QString(), BarRole::Ordinary, {}}};
    if (range)
        data.sets.push_back({QString(), BarRole::Light, {}});
    for (const BarEnds &bar : ends) { // both begin at zero
        const double high = std::isfinite(bar.largest) ? bar.largest : 0;
        data.sets[0].values.push_back(range ? std::max(0.0, high) : high);
        if (range)
            data.sets[1].values.push_back(std::isfinite(bar.smallest) ? std::min(0.0, bar.smallest) : 0);
    }
    data.describe = [merge, count, range, ends = std::move(ends), title = data.yTitle](std::size_t bar) {
        const QString name = merge == 1
            ? u"channel %1"_s.arg(bar)
            : u"channels %1 … %2"_s.arg(bar * merge).arg(std::min(count, (bar + 1) * merge) - 1);
        const QString low = range ? figureText(ends[bar].smallest) + u" … "_s : QString();
        return name + u"\n"_s + title + u": "_s + low + figureText(ends[bar].largest);
    };
    return data;
}

} // namespace quantscope
