#pragma once

#include "base/progress.h"
#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Brevitas 0.12.1 writes the float weights themselves behind nodes that say ROUND, whatever the network does, and 0.6
/// behind nodes without a rounding mode; the versions between write weights that are quantized already. Marks the codes
/// of such weights as assumed and says so, with the version as far as the nodes prove it. True when there are any.
bool markRawWeights(const Graph &graph, const Plan &plan, Network &network, const Progress &progress);

/// Written by Brevitas, as far as names tell: other writers mean what their nodes say.
bool isOfBrevitas(const Node &node, const ModelFile &file);

} // namespace quantscope::interpret
