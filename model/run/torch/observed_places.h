#pragma once

#include "run/torch/run_graph.h"

#include <optional>
#include <vector>

namespace quantscope {

/// Where something is observed: a quantizer of activations, or what a layer with a weight computes.
struct ObservedPlace {
    std::optional<std::size_t> site; ///< of RunGraph::sites()
    LayerId layer{}; ///< without a site: whose result it is
    ValueId from = kNoValue, to = kNoValue; ///< equal for a result, and for codes that an operator makes
};
/// In the order of computation.
std::vector<ObservedPlace> observedPlaces(const RunGraph &graph);

} // namespace quantscope
