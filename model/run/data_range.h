#pragma once

#include "lab/candidates.h"
#include "run/run_client.h"

#include <string>
#include <vector>

namespace quantscope {

/// The candidate with the threshold that data give it: of magnitudes that flowed into the slot, where it asks for one.
/// Errors (Usage): nothing flowed there, nothing but zeros, or it is not seen what does.
Result<CandidateText> withDataRange(CandidateText candidate, const LayerFlow *seen);

/// The request with what data give in the place of every `range` in its choices: what flows under the network's own
/// quantizers, for which it runs once where some choice asks for it. Errors as RunClient::run, and Usage.
Result<RunRequest> withDataRanges(RunClient &client, RunRequest request, const Progress &progress = {});

} // namespace quantscope
