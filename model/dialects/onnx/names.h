#pragma once

#include "base/ids.h"
#include "graph/graph.h"

#include <optional>
#include <string>
#include <string_view>

namespace quantscope::interpret {

/// What Brevitas' exporters leave in a node's name: "/block/conv1/weight_quant/export_handler_1/Quant".
struct ModuleSlot {
    std::string path; ///< "block.conv1"
    Slot slot = Slot::Weight;
};
std::optional<ModuleSlot> moduleSlot(std::string_view nodeName);

/// "/features/features.0/Conv" -> "features.0": PyTorch (1.13 on) repeats a container's name in front of its items.
std::string dottedPath(std::string_view slashed);

/// A layer's name from its compute node: without the leading slash and without a last part that is only the operator;
/// "function QLin:inner" in a subgraph; "/fc/MatMul_quant" of a MatMulInteger is "fc". Empty when the node's name says
/// nothing ("Conv_12", "").
std::string nodeLayerName(const Node &node);

/// "conv1" of "conv1.weight", "conv1.weight_quantized" or "dense/kernel:0"; empty when the tensor is not named like a
/// parameter.
std::string parameterOwner(std::string_view tensorName);

} // namespace quantscope::interpret
