#pragma once

#include "analysis/statistics.h"
#include "analysis/value_histogram.h"
#include "charts/bar_chart.h"
#include "items/channel_model.h"
#include "quant/quantizer.h"

namespace quantscope {

/// Values with the quantizer's clipping limits as markers; bins beyond a limit are marked as overflow.
/// A `zoomed` histogram keeps its range; else the limits are brought into view.
/// `subject` is what is counted, as queries name it.
BarData valueBars(const ValueHistogram &histogram, const Quantizer *quantizer, std::uint64_t total, bool zoomed = false,
    const QString &subject = QStringLiteral("w"));

/// What a value histogram counts: the tensor's range around zero divided by `zoom`; null without a finite value.
std::optional<ValueWindow> valueWindow(const SlotStatistics &statistics, double zoom, std::size_t bins);

/// The same bars as log10(count + 1); what they tell on hover stays.
BarData logCounts(BarData data);

/// Every code of the range: the ends marked as saturation, codes that never occur left empty and counted in the
/// tooltip.
BarData codeBars(const CodeHistogram &histogram, const Quantizer &quantizer, std::uint64_t total);

/// One bar per channel, or per run of channels where there are more than BarChart::kMaxBars.
enum class ChannelMetric { Scale, Range, Sqnr, AtLimit };
BarData channelBars(const ChannelModel &model, ChannelMetric metric);

} // namespace quantscope
