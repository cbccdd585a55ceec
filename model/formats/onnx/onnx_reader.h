#pragma once

#include "formats/reader.h"

namespace quantscope {

/// By its name, or by the fields of a ModelProto: a protocol buffer has no magic number.
bool looksLikeOnnx(std::span<const std::byte> head, const ReadRequest &request);

/// An ONNX model with its graph; initializers, also in files beside it, become tensors. Throws ParseError.
ModelFile readOnnx(const ReadRequest &request);

} // namespace quantscope
