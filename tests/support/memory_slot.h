#pragma once

#include "quant/quantizer.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace quantscope::test {

/// A weight over floats in memory.
inline SlotQuantizer slotOf(const std::vector<float> &values, const Shape &shape, const Quantizer &quantizer)
{
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    auto tensor = std::make_shared<TensorInfo>();
    tensor->dtype = DType::Float32;
    tensor->shape = shape;
    tensor->storage.bytes = bytes.size();
    tensor->storage.source = std::make_shared<MemorySource>(std::move(bytes));
    SlotQuantizer slot;
    slot.slot = Slot::Weight;
    slot.tensor = tensor;
    slot.shape = shape;
    slot.quantizer = quantizer;
    return slot;
}

inline Quantizer affine(int bits, bool isSigned, bool narrow, Granular scale, Granular zero = {{}, {}, {0.0f}})
{
    Quantizer q;
    q.bitWidth = bits;
    q.isSigned = isSigned;
    q.narrow = narrow;
    q.scale = std::move(scale);
    q.zeroPoint = std::move(zero);
    return q;
}

} // namespace quantscope::test
