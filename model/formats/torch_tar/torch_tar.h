#pragma once

#include "formats/reader.h"

namespace quantscope {

bool looksLikeTorchTar(std::span<const std::byte> head, const ReadRequest &request);

/// What torch.save wrote in PyTorch 0.1: a tar archive of `sys_info`, `storages`, `tensors` and the object's `pickle`.
/// Throws ParseError; of any other tar archive it says to unpack it.
ModelFile readTorchTar(const ReadRequest &request);

} // namespace quantscope
