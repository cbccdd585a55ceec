#pragma once

#include "base/byte_source.h"
#include "tensor/tensor.h"

#include <map>
#include <optional>
#include <string>

namespace quantscope {

/// What an ONNX file says of an input of its graph.
struct InputType {
    DType dtype = DType::Unknown;
    std::optional<Shape> shape; ///< -1 for an axis of any length
};

/// By the inputs' names, as far as types are told. Reads the graph's list of inputs and nothing else. Throws
/// ParseError.
std::map<std::string, InputType> readInputTypes(const ByteSource &source);

} // namespace quantscope
