#pragma once

#include "formats/onnx/context.h"

namespace quantscope::onnx {

/// Reads a SparseTensorProto: its values, at positions that are counted through the whole tensor or given by axis, and
/// zeros between them. The zeros take no memory. As with readTensor, what is wrong with it is the tensor's problem.
TensorInfo readSparseTensor(
    Context &context, const Message &message, const std::string &fallbackName, const std::string &scope);

} // namespace quantscope::onnx
