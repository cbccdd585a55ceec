#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeTorchZip(std::span<const std::byte> head, const ReadRequest &request);

/// What torch.save, torch.jit.save and torch.package write since torch 1.6: a zip archive of pickles and storages.
/// Throws ParseError.
ModelFile readTorchZip(const ReadRequest &request);

} // namespace quantscope
