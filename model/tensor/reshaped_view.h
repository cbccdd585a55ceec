#pragma once

#include "tensor/tensor.h"

#include <memory>

namespace quantscope {

/// The elements of a strided view in its row-major order as a tensor of another shape with as many elements, such as
/// [out][h*w*c] read as [out][c][h][w] and laid flat. No element is read until somebody asks. Where the view cannot be
/// read, the tensor has its problem. Throws ParseError when the numbers of elements differ.
std::shared_ptr<const TensorInfo> reshapedView(const TensorInfo &view, Shape shape);

} // namespace quantscope
