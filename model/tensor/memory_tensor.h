#pragma once

#include "tensor/tensor.h"

#include <memory>
#include <span>
#include <string>

namespace quantscope {

/// A contiguous tensor of its own over a copy of `bytes`, which hold the shape's elements, little-endian and row-major.
std::shared_ptr<const TensorInfo> memoryTensor(
    std::string name, DType dtype, Shape shape, std::span<const std::byte> bytes);
/// The same of values of a C++ type: `dtype` must be its element type.
template <class T>
std::shared_ptr<const TensorInfo> memoryTensor(std::string name, DType dtype, Shape shape, std::span<const T> values)
{
    return memoryTensor(std::move(name), dtype, std::move(shape), std::as_bytes(values));
}
/// A float32 tensor.
std::shared_ptr<const TensorInfo> floatTensor(std::string name, Shape shape, std::span<const float> values);

} // namespace quantscope
