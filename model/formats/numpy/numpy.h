#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeNpy(std::span<const std::byte> head, const ReadRequest &request);
bool looksLikeNpz(std::span<const std::byte> head, const ReadRequest &request);

/// One array of NumPy (.npy), a tensor without a name. Throws ParseError.
ModelFile readNpy(const ReadRequest &request);
/// Arrays of NumPy by their names (.npz, a zip archive of .npy files). Headers are read, elements are not. Throws
/// ParseError.
ModelFile readNpz(const ReadRequest &request);

} // namespace quantscope
