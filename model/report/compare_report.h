#pragma once

#include "analysis/compare.h"
#include "analysis/sweep.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// `compare --json`, schema 1. Hashes only where the comparison computed them.
nlohmann::ordered_json compareJson(const std::vector<SlotComparison> &comparisons);
std::string compareText(const std::vector<SlotComparison> &comparisons);
std::string compareCsv(const std::vector<SlotComparison> &comparisons);

/// The sweep's own tables: the front and, with `minimumDb`, the cheapest widths that keep it.
nlohmann::ordered_json sweepJson(const std::vector<SweepPoint> &points, std::optional<double> minimumDb);
std::string sweepText(const std::vector<SweepPoint> &points, std::optional<double> minimumDb);

} // namespace quantscope
