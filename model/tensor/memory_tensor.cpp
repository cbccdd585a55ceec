#include "tensor/memory_tensor.h"

namespace quantscope {

std::shared_ptr<const TensorInfo> memoryTensor(
    std::string name, DType dtype, Shape shape, std::span<const std::byte> bytes)
{
    auto tensor = std::make_shared<TensorInfo>();
    tensor->name = std::move(name);
    tensor->dtype = dtype;
    tensor->shape = std::move(shape);
    tensor->storage.bytes = bytes.size();
    tensor->storage.source = std::make_shared<MemorySource>(std::vector<std::byte>(bytes.begin(), bytes.end()));
    return tensor;
}

std::shared_ptr<const TensorInfo> floatTensor(std::string name, Shape shape, std::span<const float> values)
{
    return memoryTensor(std::move(name), DType::Float32, std::move(shape), std::as_bytes(values));
}

} // namespace quantscope
