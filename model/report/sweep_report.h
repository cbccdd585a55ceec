#pragma once

#include "report/compare_report.h"

namespace quantscope {

/// The sweep's own tables: the front and, with `minimumDb`, the cheapest widths that keep it.
nlohmann::ordered_json sweepJson(const Network &network, const std::vector<SlotComparison> &comparisons,
    const std::vector<SweepPoint> &points, std::optional<double> minimumDb);
/// SQNR by layer, family and width; the front; the cheapest widths.
std::string sweepText(const Network &network, const std::vector<SlotComparison> &comparisons,
    const std::vector<SweepPoint> &points, std::optional<double> minimumDb);

} // namespace quantscope
