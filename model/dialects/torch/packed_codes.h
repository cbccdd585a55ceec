#pragma once

#include "dialects/torch/packed_weight.h"

#include <memory>
#include <vector>

namespace quantscope {

/// The codes as uint8 in the order of the weight's shape, unpacked where they are read; the stored tensor where that
/// holds them, and where they cannot be unpacked.
std::shared_ptr<const TensorInfo> packedCodes(const std::shared_ptr<const ModelFile> &file, const PackedWeight &weight);

/// The zero points of GPTQ or AWQ as they are stored, [groups][out]. Throws ParseError.
std::vector<float> packedZeros(const ModelFile &file, const PackedWeight &weight);

} // namespace quantscope
