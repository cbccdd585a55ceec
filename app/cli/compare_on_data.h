#pragma once

#include "command_line.h"
#include "network/network.h"
#include "run/run_client.h"

namespace quantscope::cli {

/// With what --memory says.
RunClientOptions clientOptions(std::optional<std::uint64_t> memory);
/// The model and the data that a comparison runs.
RunRequest dataRequest(const CompareArguments &arguments);

/// `compare --slot act --data`: candidates for activations; returns the status of the process.
int compareActivations(const CompareArguments &arguments, const Network &network);

/// `compare --sweep --data`: widths alone and together; returns the status of the process.
int walkWidthsOnData(const CompareArguments &arguments, const Network &network);

} // namespace quantscope::cli
