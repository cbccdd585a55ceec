#pragma once

#include "tensor/tensor.h"

#include <memory>
#include <string>

namespace quantscope {

/// True for bytes that begin as an IDX file does (https://yann.lecun.com/exdb/mnist, "file formats"): two zeros, a type
/// and a number of axes.
bool isIdx(std::span<const std::byte> head);
/// The array of an IDX file, big-endian. Throws ParseError.
TensorInfo idxTensor(const std::shared_ptr<const ByteSource> &source, const Limits &limits);

} // namespace quantscope
