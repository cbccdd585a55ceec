#pragma once

#include "run/torch/lane_values.h"
#include "run/torch/op_table.h"

#include <vector>

namespace quantscope {

/// Of the node's domain; 0 where the file does not say.
std::int64_t opsetOf(const Graph &graph, const Node &node);

/// A node with the function of its operator.
struct NodeFunction {
    const ModelFile &file;
    const Node &node;
    OpFunction function = nullptr;
    std::uint64_t floats = 0; ///< as OpCall has them
    bool wantsUnrounded = false;
    std::span<const WithinChoice> within = {};
};

/// What it makes of each piece, in the order of the node's outputs; once, where it reads nothing that differs between
/// the pieces. Throws what the operator throws.
std::vector<std::vector<c10::IValue>> callForPieces(
    const NodeFunction &of, const std::vector<HeldValue> &inputs, std::size_t pieces);

} // namespace quantscope
