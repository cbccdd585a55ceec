#pragma once

#include "base/error.h"
#include "run/run_request.h"
#include "run/sample_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Which arrays of a file are samples and which are labels, where that is told. Samples: the array that is named like
/// an input of the graph, else the only one that has more than one number a sample, else the only one. Labels: the only
/// other one with one integer for each sample. None where several could be meant.
struct ProposedData {
    std::optional<SampleArray> samples, labels;
};
ProposedData proposedData(const std::vector<SampleArray> &arrays, const std::vector<std::string> &inputs);

/// What chosen data are, from their headers alone.
struct DataSummary {
    Shape shape; ///< of all samples
    DType dtype;
    bool hasLabels = false;

    std::uint64_t samples() const { return static_cast<std::uint64_t>(shape.front()); }
};
/// Errors: as SampleFile::open and readLabels.
Result<DataSummary> dataSummary(const RunData &data, const std::vector<std::string> &inputs);

} // namespace quantscope
