#pragma once

#include "command_line.h"
#include "lab/candidates.h"

#include <string>
#include <utility>
#include <vector>

namespace quantscope::cli {

/// What `--with` names, in its order. Errors (Usage): those of parseCandidate.
Result<std::vector<CandidateText>> namedCandidates(const CompareArguments &arguments);

/// "2:8", or "4" for one width. Errors (Usage).
Result<std::pair<int, int>> sweepWidths(const std::string &text);

/// The word `compare`; returns the status of the process.
int run(CompareArguments arguments);

} // namespace quantscope::cli
