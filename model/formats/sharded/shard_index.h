#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeShardIndex(std::span<const std::byte> head, const ReadRequest &request);

/// The index of a model in several files (`model.safetensors.index.json`, `pytorch_model.bin.index.json`): which tensor
/// is in which file beside it. Of those files the headers and pickles are read. Throws ParseError: a file that is not
/// there or not beside the index, a tensor that is not in its file.
ModelFile readShardIndex(const ReadRequest &request);

} // namespace quantscope
