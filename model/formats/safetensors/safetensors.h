#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeSafetensors(std::span<const std::byte> head, const ReadRequest &request);

/// A safetensors file: a header of JSON and the tensors' bytes. Only the header is read. Throws ParseError.
ModelFile readSafetensors(const ReadRequest &request);

} // namespace quantscope
