#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeTorchStream(std::span<const std::byte> head, const ReadRequest &request);

/// What torch.save wrote from PyTorch 0.2 to 1.5, and still does without its zip format: five pickles (magic number,
/// protocol, machine, object, keys), then each storage as its count and its elements. No storage is read. Throws
/// ParseError.
ModelFile readTorchStream(const ReadRequest &request);

} // namespace quantscope
