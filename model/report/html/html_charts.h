#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quantscope {

struct HtmlBar {
    double height = 0; ///< not negative
    std::string label; ///< for its tip and for those who hear the chart
    bool marked = false; ///< drawn dashed: at a limit
};

struct HtmlChart {
    std::string title;
    std::vector<HtmlBar> bars;
    std::string left, right; ///< under the ends of the axis
    std::string highest; ///< at the top: what the highest bar stands for
};

/// Inline SVG that takes its colours from the page: bars from zero, those that are not empty at least a line high.
/// Empty without bars that are higher than 0.
std::string htmlChart(const HtmlChart &chart);

} // namespace quantscope
