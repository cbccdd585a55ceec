#pragma once

#include "run/torch/lane_values.h"
#include "run/torch/run_graph.h"

#include <optional>
#include <vector>

#include <ATen/core/TensorBody.h>

namespace quantscope {

/// Where something is observed: a quantizer of activations, or what a layer with a weight computes.
struct ObservedPlace {
    std::optional<std::size_t> site; ///< of RunGraph::sites()
    LayerId layer{}; ///< without a site: whose result it is
    ValueId from = kNoValue, to = kNoValue; ///< equal for a result, and for codes that an operator makes
};

/// In the order of computation.
std::vector<ObservedPlace> observedPlaces(const RunGraph &graph);

/// What flowed in and out there, float32.
struct SeenTensors {
    at::Tensor input, output;
};
/// Of all pieces behind each other along the first axis, else of each; none where it is no tensor of numbers.
std::vector<SeenTensors> seenPieces(
    const LaneValues &from, const LaneValues &to, std::size_t pieces, const Quantizer *quantizer);

} // namespace quantscope
