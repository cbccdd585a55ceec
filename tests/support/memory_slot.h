#pragma once

#include "quant/quantizer.h"
#include "tensor/memory_tensor.h"

#include <utility>
#include <vector>

namespace quantscope::test {

/// A weight over floats in memory.
inline SlotQuantizer slotOf(const std::vector<float> &values, const Shape &shape, const Quantizer &quantizer)
{
    SlotQuantizer slot;
    slot.slot = Slot::Weight;
    slot.tensor = floatTensor({}, shape, values);
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
