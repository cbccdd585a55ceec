#pragma once

#include "base/progress.h"
#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Brevitas 0.10.0 to 0.10.2 wrote `signed` and `narrow` of weight nodes each in the other's place. The file does not
/// say which version made it, so the codes decide; when one node is swapped, all of the file's weight nodes are. Undoes
/// it and says so.
void undoSwappedFlags(const Graph &graph, const Plan &plan, Network &network, const Progress &progress);

} // namespace quantscope::interpret
