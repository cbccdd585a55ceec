#pragma once

#include "tensor/tensor.h"

#include <memory>

namespace quantscope {

/// A tensor with the order along several neighbouring axes, first to last - 1, turned around: [o][y][x][i] with y and x
/// turned is [o][h - 1 - y][w - 1 - x][i]. No element is read until somebody asks. Where the tensor cannot be read, the
/// view has its problem. Preconditions: row-major, elements of whole bytes, first < last <= the number of axes.
std::shared_ptr<const TensorInfo> turnedView(const TensorInfo &tensor, std::size_t first, std::size_t last);

} // namespace quantscope
