#pragma once

#include "run/run_client.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What a candidate does to the network's first output on data, against the file's own quantizers.
struct DataEffect {
    /// 10 log10(sum y^2 / sum (y' - y)^2) over all samples, summed in float64; nullopt when nothing changes, or the
    /// outputs are too many to be held.
    std::optional<double> outputSqnrDb;
    bool isExact = false; ///< every value of the output is the same
    /// Samples whose largest value stands elsewhere; nullopt where the output is not [samples, classes].
    std::optional<std::uint64_t> predictionsChanged;
    std::optional<double> accuracy;
};

/// Of two runs on the same data, whose outputs were asked for.
DataEffect effectOf(const RunResult &own, const RunResult &candidate);

/// One for each of `choices` (LAYER[:SLOT]=CANDIDATE), each alone in the network. Progress counts runs, of which there
/// is one more. Errors as RunClient::run.
Result<std::vector<DataEffect>> measureEffects(
    RunClient &client, const RunRequest &own, const std::vector<std::string> &choices, const Progress &progress);

} // namespace quantscope
