#pragma once

#include "formats/onnx/context.h"

namespace quantscope::onnx {

/// Reads a TensorProto into a TensorInfo without touching its raw data. What is wrong with it stands in
/// TensorInfo::problem and in an error diagnostic; only a broken wire form throws. `fallbackName` and `scope` name what
/// has no name of its own.
TensorInfo readTensor(
    Context &context, const Message &message, const std::string &fallbackName, const std::string &scope);

/// "w" at the top, "sel/then_branch:w" in a subgraph.
std::string scopedName(const std::string &scope, const std::string &name);

} // namespace quantscope::onnx
