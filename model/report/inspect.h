#pragma once

#include "report/layer_table.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

struct InspectOptions {
    bool hash = false;
    bool list = false;
    bool tensors = false;
};

/// Statistics of every slot that has a tensor and an integer quantizer. Slots that fail get a diagnostic in `network`.
Result<StatisticsMap> analyseNetwork(Network &network, const InspectOptions &options, const Progress &progress = {});

/// What the rules of checks/ say about the quantizers with these statistics, without what the network says already.
std::vector<Diagnostic> dataDiagnostics(const Network &network, const StatisticsMap &statistics);

/// `inspect --json`, schema 1.
nlohmann::ordered_json inspectJson(
    const Network &network, const StatisticsMap &statistics, const InspectOptions &options);
std::string inspectCsv(const Network &network, const StatisticsMap &statistics);
std::string inspectText(const Network &network, const StatisticsMap &statistics, const InspectOptions &options);

} // namespace quantscope
