#pragma once

#include "graph/graph.h"
#include "quant/quantizer.h"

#include <optional>
#include <string>

namespace quantscope::interpret {

/// Shape and axis of the scales of a QuantizeLinear or DequantizeLinear node against the `tensor` that it reads;
/// without one (an activation) they keep their own shape. One scale stays as it is, whatever the axis. The block size
/// where there are blocks. Throws ParseError for scales that do not fit, and for an axis that nothing tells.
std::optional<int> placeScale(const Graph &graph, const Node &node, const Shape *tensor, Granular &scale);

/// "QuantizeLinear node q divides by 0.5, DequantizeLinear node d multiplies by 0.25, which is shown"
std::string twoScalesText(
    const Node &quantize, const Granular &divide, const Node &dequantize, const Granular &multiply);

} // namespace quantscope::interpret
