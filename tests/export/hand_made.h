#pragma once

#include "network/network.h"
#include "tensor/memory_tensor.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quantscope::test {

/// Networks put together by hand, so that the expected text follows from numbers in the test.

template <class T>
std::shared_ptr<const TensorInfo> tensorOf(
    const std::string &name, DType dtype, Shape shape, const std::vector<T> &values)
{
    return memoryTensor(name, dtype, std::move(shape), std::span(values));
}

inline Granular perTensor(float value) { return {{}, std::nullopt, {value}}; }

/// Codes that the file itself holds: what every test can spell out.
inline Quantizer storedQuantizer(int bits, bool isSigned, float scale, float zeroPoint = 0)
{
    Quantizer quantizer;
    quantizer.bitWidth = bits;
    quantizer.isSigned = isSigned;
    quantizer.narrow = false;
    quantizer.rule = CodeRule::Stored;
    quantizer.scale = perTensor(scale);
    quantizer.zeroPoint = perTensor(zeroPoint);
    quantizer.origin["scale"] = {Origin::Read, "s"};
    return quantizer;
}

template <class T>
SlotQuantizer storedSlot(
    const std::string &slot, DType dtype, Shape shape, const std::vector<T> &values, Quantizer quantizer)
{
    SlotQuantizer out;
    out.slot = *slotFromName(slot);
    out.tensorName = "t." + slot;
    out.shape = shape;
    out.tensor = tensorOf(out.tensorName, dtype, std::move(shape), values);
    out.quantizer = std::move(quantizer);
    return out;
}

inline Layer layerOf(const std::string &name, const std::string &kind, std::vector<SlotQuantizer> slots)
{
    Layer layer;
    layer.name = name;
    layer.kind = kind;
    layer.slots = std::move(slots);
    return layer;
}

inline Network networkOf(std::vector<Layer> layers)
{
    Network network;
    auto file = std::make_shared<ModelFile>();
    network.file = file;
    network.layers = std::move(layers);
    return network;
}

} // namespace quantscope::test
