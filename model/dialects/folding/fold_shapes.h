#pragma once

#include "graph/graph.h"
#include "tensor/tensor.h"

#include <optional>
#include <vector>

namespace quantscope::folding {

// What ONNX' shape operators make of a shape: for folding, and for views of weights that are never read whole.

/// Reshape: 0 copies a dimension (unless allowZero), -1 takes what is left. Throws ParseError when it does not fit.
Shape reshapedTo(const Shape &shape, const std::vector<std::int64_t> &wanted, bool allowZero, const Limits &limits);
/// Flatten to two axes.
Shape flattenedShape(const Shape &shape, std::int64_t axis, const Limits &limits);
/// Squeeze; without axes every dimension of 1 goes.
Shape squeezedShape(const Shape &shape, const std::optional<std::vector<std::int64_t>> &axes);
Shape unsqueezedShape(const Shape &shape, const std::vector<std::int64_t> &axes, const Limits &limits);
/// The attribute `perm`, checked to be a permutation; reversed axes when it is absent.
std::vector<std::size_t> permutationOf(const Node &node, std::size_t rank);

} // namespace quantscope::folding
