#include "report/html/html_charts.h"

#include "report/html/html_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr double kChartWidth = 400, kChartHeight = 120, kTop = 16, kFoot = 16, kLowest = 1.5;

std::string barRect(const HtmlBar &bar, double x, double width, double highest)
{
    const double room = kChartHeight - kTop - kFoot;
    const double height = std::max(bar.height / highest * room, kLowest);
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"><title>{}</title>"
        "</rect>",
        bar.marked ? "bar end" : "bar", x, kChartHeight - kFoot - height, std::max(width * 0.9, 0.4), height,
        htmlText(bar.label));
}

std::string chartText(double x, double y, std::string_view anchor, std::string_view text)
{
    return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>", x, y, anchor, htmlText(text));
}

} // namespace

std::string htmlChart(const HtmlChart &chart)
{
    double highest = 0;
    for (const HtmlBar &bar : chart.bars)
        if (std::isfinite(bar.height))
            highest = std::max(highest, bar.height);
    if (!(highest > 0))
        return {};
    std::string out = fmt::format(
        "<svg role=\"img\" viewBox=\"0 0 {} {}\"><title>{}</title>", kChartWidth, kChartHeight, htmlText(chart.title));
    const double width = kChartWidth / static_cast<double>(chart.bars.size());
    for (std::size_t i = 0; i < chart.bars.size(); ++i)
        if (chart.bars[i].height > 0 && std::isfinite(chart.bars[i].height))
            out += barRect(chart.bars[i], static_cast<double>(i) * width, width, highest);
    out += fmt::format("<line x1=\"0\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\"/>", kChartHeight - kFoot, kChartWidth);
    out += chartText(0, 11, "start", chart.highest);
    out += chartText(0, kChartHeight - 3, "start", chart.left);
    out += chartText(kChartWidth, kChartHeight - 3, "end", chart.right);
    return fmt::format("<figure><figcaption>{}</figcaption>{}</svg></figure>\n", htmlText(chart.title), out);
}

} // namespace quantscope
