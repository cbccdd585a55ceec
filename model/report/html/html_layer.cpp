#include "report/html/html_layer.h"

#include "analysis/analyse.h"
#include "analysis/value_histogram.h"
#include "base/text.h"
#include "network/unconfirmed.h"
#include "quant/fixed_point.h"
#include "quant/grid.h"
#include "quant/known_rounding.h"
#include "report/html/html_charts.h"
#include "report/html/html_text.h"
#include "report/layer_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kMostBars = 64;

std::string wordOr(const std::optional<bool> &value) { return value ? (*value ? "yes" : "no") : "not known"; }

/// A field with where it comes from; an assumed one stands out by its word too.
std::string fieldRow(const Quantizer &q, const std::string &name, const char *key, const std::string &value)
{
    const auto origin = q.origin.find(key);
    const bool assumed = origin != q.origin.end() && origin->second.origin == Origin::Assumed;
    const std::string from = origin == q.origin.end() ? "" : htmlText(origin->second.text());
    return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"words{}\">{}</td></tr>\n", htmlText(name),
        htmlText(value.empty() ? "not known" : value), assumed ? " assumed" : " dim", from);
}

std::string bitsWord(const Quantizer &q)
{
    if (q.bitWidth)
        return std::to_string(*q.bitWidth);
    return q.storageBits ? fmt::format("stored in {}", *q.storageBits) : "";
}

std::string quantizerTable(const SlotQuantizer &slot)
{
    const Quantizer &q = *slot.quantizer;
    std::string rows = fieldRow(q, "kind", "kind", std::string(quantizerKindName(q.kind)));
    rows += fieldRow(q, "bits", "bit_width", bitsWord(q));
    rows += fieldRow(q, "signed", "signed", wordOr(q.isSigned));
    rows += fieldRow(q, "narrow range", "narrow", wordOr(q.narrow));
    const auto rounding = knownRounding(q);
    rows += fieldRow(q, "rounding", "rounding", rounding ? std::string(roundingName(*rounding)) : "");
    rows += fieldRow(q, "scale", "scale", gridScaleText(q));
    rows += fieldRow(q, "zero point", "zero_point", gridZeroText(q));
    if (const auto type = fixedType(q))
        rows += fieldRow(q, "type", "type", apFixedName(*type));
    if (!slot.preset.empty())
        rows += fieldRow(q, "preset", "preset", slot.preset);
    return htmlTable("", {}, rows);
}

std::string share(std::uint64_t part, std::uint64_t all)
{
    return all == 0
        ? "-"
        : fmt::format("{} ({:.3g} %)", grouped(part), 100 * static_cast<double>(part) / static_cast<double>(all));
}

std::string statisticsTable(const SlotStatistics &stats)
{
    std::string rows = htmlRow({"elements", grouped(stats.count)});
    rows += htmlRow({"range", fmt::format("{} to {}", shortest(stats.low), shortest(stats.high))});
    rows += htmlRow({"codes", fmt::format("{} to {}", stats.codesMin, stats.codesMax)});
    rows += htmlRow({"at the limits", share(stats.atLimit, stats.count)});
    if (stats.clipped)
        rows += htmlRow({"clipped", share(*stats.clipped, stats.count)});
    if (stats.nonFinite > 0)
        rows += htmlRow({"not finite", grouped(stats.nonFinite)});
    if (const auto sqnr = stats.error.sqnrDb())
        rows += htmlRow({"SQNR", fmt::format("{:.2f} dB", *sqnr)});
    return htmlTable("", {}, rows);
}

/// How many neighbours make a bar.
std::size_t perBar(std::size_t bins) { return (bins + kMostBars - 1) / kMostBars; }

std::string codeChart(const SlotQuantizer &slot, const SlotStatistics &stats)
{
    const CodeHistogram &codes = stats.codes;
    const CodeRange range = codeRange(*slot.quantizer);
    const std::size_t group = std::max<std::size_t>(perBar(codes.bins.size()), 1);
    HtmlChart chart;
    for (std::size_t i = 0; i < codes.bins.size(); i += group) {
        HtmlBar bar;
        for (std::size_t j = i; j < std::min(i + group, codes.bins.size()); ++j)
            bar.height += static_cast<double>(codes.bins[j]);
        const auto width = static_cast<std::int64_t>(codes.width);
        const std::int64_t low = codes.first + static_cast<std::int64_t>(i) * width;
        const std::int64_t high = std::min(low + static_cast<std::int64_t>(group) * width - 1, range.max);
        bar.marked = low <= range.min || high >= range.max;
        bar.label = fmt::format("{}: {}",
            low == high ? fmt::format("code {}", low) : fmt::format("codes {} to {}", low, high),
            share(static_cast<std::uint64_t>(bar.height), stats.count));
        chart.bars.push_back(std::move(bar));
    }
    chart.title = fmt::format("Codes of {}: {} of {} occur; dashed bars hold an end of the range", slot.slot,
        codes.usedKnown ? grouped(codes.used) : "too many to count", grouped(range.size()));
    chart.left = std::to_string(range.min);
    chart.right = std::to_string(range.max);
    const auto most = std::ranges::max_element(chart.bars, {}, &HtmlBar::height);
    chart.highest = most == chart.bars.end() ? "" : most->label;
    return htmlChart(chart);
}

std::string valueChart(const SlotQuantizer &slot, const SlotStatistics &stats, const Progress &progress)
{
    const auto histogram = valueHistogram(slot, stats, kMostBars, {}, progress);
    if (!histogram && histogram.error().kind == ErrorKind::Cancelled)
        throw CancelledError();
    if (!histogram)
        return {};
    HtmlChart chart;
    chart.title = fmt::format("{} of {}", stats.hasFloats ? "Floats" : stats.hasValues ? "Values" : "Codes", slot.slot);
    const double width = (histogram->high - histogram->low) / static_cast<double>(histogram->bins.size());
    for (std::size_t i = 0; i < histogram->bins.size(); ++i) {
        const double low = histogram->low + static_cast<double>(i) * width;
        chart.bars.push_back({static_cast<double>(histogram->bins[i]),
            fmt::format("{:.4g} to {:.4g}: {}", low, low + width, share(histogram->bins[i], stats.count)), false});
    }
    chart.left = shortest(stats.low);
    chart.right = shortest(stats.high);
    chart.highest = std::ranges::max_element(chart.bars, {}, &HtmlBar::height)->label;
    return htmlChart(chart);
}

/// Bars of the scales of channels; of many the largest of neighbours.
std::string scaleChart(const SlotQuantizer &slot)
{
    const std::vector<float> &scales = slot.quantizer->scale->values;
    if (scales.size() < 2)
        return {};
    const std::size_t group = perBar(scales.size());
    HtmlChart chart;
    for (std::size_t i = 0; i < scales.size(); i += group) {
        const std::size_t end = std::min(i + group, scales.size());
        const auto [low, high] = std::minmax_element(
            scales.begin() + static_cast<std::ptrdiff_t>(i), scales.begin() + static_cast<std::ptrdiff_t>(end));
        chart.bars.push_back({static_cast<double>(*high),
            end - i == 1 ? fmt::format("channel {}: {}", i, powerText(*high))
                         : fmt::format("channels {} to {}: {} to {}", i, end - 1, powerText(*low), powerText(*high)),
            false});
    }
    chart.title = fmt::format("Scales of {} by {}", slot.slot, slot.quantizer->blockSize ? "block" : "channel");
    chart.left = "0";
    chart.right = std::to_string(scales.size() - 1);
    const auto most = std::ranges::max_element(chart.bars, {}, &HtmlBar::height);
    chart.highest = most->label;
    return htmlChart(chart);
}

std::string slotCharts(const SlotQuantizer &slot, const Progress &progress)
{
    std::string out = slot.quantizer && slot.quantizer->scale ? scaleChart(slot) : "";
    if (!canAnalyse(slot) || slot.quantizer->kind == QuantizerKind::Minifloat)
        return out;
    const auto stats = analyse(slot, {}, progress);
    if (!stats && stats.error().kind == ErrorKind::Cancelled)
        throw CancelledError();
    if (stats && stats->count > 0)
        out = codeChart(slot, *stats) + valueChart(slot, *stats, progress) + out;
    return out;
}

std::string slotPart(
    const Inspection &inspection, const Layer &layer, const SlotQuantizer &slot, bool charts, const Progress &progress)
{
    std::string title = fmt::format("<b>{}</b>", slot.slot);
    if (slot.tensor)
        title += fmt::format(" {} {}", htmlText(shapeText(slot.shape)), dtypeName(slot.tensor->dtype));
    if (!slot.tensorName.empty())
        title += fmt::format(" <span class=\"dim\">{}</span>", htmlText(slot.tensorName));
    if (slot.quantizer && isUnconfirmed(*inspection.network, slot))
        title += " <span class=\"assumed\">assumed, nobody has confirmed it</span>";
    std::string out = fmt::format("<div class=\"panel\"><p>{}</p>", title);
    if (slot.quantizer)
        out += quantizerTable(slot);
    else
        out += "<p class=\"dim\">no quantizer, or none that is known</p>";
    if (!slot.formula.empty())
        out += "<pre>" + htmlLines(slot.formula) + "</pre>";
    if (const SlotStatistics *stats = inspection.of({layer.id, slot.slot}); stats != nullptr && stats->count > 0)
        out += statisticsTable(*stats);
    if (charts)
        if (const std::string drawn = slotCharts(slot, progress); !drawn.empty())
            out += "<div class=\"charts\">" + drawn + "</div>";
    return out + "</div>\n";
}

} // namespace

std::string htmlAnchor(const Layer &layer) { return fmt::format("layer-{}", position(layer.id)); }

std::string htmlLayer(const Inspection &inspection, const Layer &layer, bool charts, const Progress &progress)
{
    const LayerRow row = layerRow(inspection, layer);
    std::string facts = row.shape.empty() ? row.kind : fmt::format("{} {}", row.kind, row.shape);
    if (!row.bits.empty())
        facts += fmt::format(", {} bits", row.bits);
    if (!row.scale.empty())
        facts += fmt::format(", scale {}", row.scale);
    std::string out = fmt::format("<details id=\"{}\"{}><summary><b>{}</b><span class=\"dim\">{}</span></summary>\n",
        htmlAnchor(layer), row.hasWeights ? " open=\"\"" : "", htmlText(layer.name), htmlText(facts));
    for (const SlotQuantizer &slot : layer.slots)
        out += slotPart(inspection, layer, slot, charts, progress);
    return out + "</details>\n";
}

} // namespace quantscope
