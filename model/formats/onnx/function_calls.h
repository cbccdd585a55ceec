#pragma once

#include "formats/onnx/graph_proto.h"

#include <cstdint>
#include <string_view>

namespace quantscope::onnx {

/// Operators of these domains say more than the body that a file may bring for runtimes that lack them.
bool saysMoreThanItsBody(std::string_view domain);

/// Operators that give their inputs to their graph's inputs, one by one (onnx Operators.md).
bool passesInputs(const RawNode &node);

/// Names and lists that cost as much as a node.
inline constexpr std::uint64_t kBytesOfNode = 64;
/// In nodes: what a copy of a function's body takes.
std::uint64_t costOf(const RawGraph &body);

} // namespace quantscope::onnx
