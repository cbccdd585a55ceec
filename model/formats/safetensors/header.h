#pragma once

#include "formats/budget.h"
#include "tensor/tensor.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// What the header of a safetensors file says (github.com/huggingface/safetensors, README): its tensors in the header's
/// order, each with its place in the file.
struct SafetensorsHeader {
    std::vector<TensorInfo> tensors;
    std::map<std::string, std::string> metadata; ///< `__metadata__`
};

/// Reads the header and nothing else; the tensors view `source`. An element type that is not known makes its tensor
/// unreadable. Throws ParseError for what the format refuses: no JSON, a name or field that is there twice, a range
/// that is not the size of its shape, ranges that overlap, leave a hole or do not end with the file.
SafetensorsHeader readSafetensorsHeader(
    const std::shared_ptr<const ByteSource> &source, const Limits &limits, Budget &budget);

} // namespace quantscope
