#pragma once

#include "formats/open_model.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace quantscope::fuzz {

/// Limits that let an input of some kilobytes reach every one of them.
inline Limits smallLimits()
{
    Limits limits;
    limits.pickleBytes = 4 << 20;
    limits.pickleNodes = 200'000;
    limits.depth = 100;
    limits.inflateBytes = 4 << 20;
    limits.graphDepth = 16;
    limits.graphNodes = 20'000;
    limits.calledNodes = 2'000;
    limits.repeatedElements = 1 << 20;
    limits.foldElements = 1 << 14;
    limits.foldDepth = 50;
    limits.ownedTensorBytes = 8 << 20;
    limits.readBytes = 16 << 20;
    return limits;
}

/// Reads both ends of every tensor.
inline void touchTensors(const ModelFile &file)
{
    for (const TensorInfo &tensor : file.tensors) {
        if (!tensor.readable() || tensor.count() == 0)
            continue;
        try {
            TensorReader reader(tensor);
            std::vector<std::uint64_t> some(std::min<std::uint64_t>(tensor.count(), 16));
            reader.patterns(0, some);
            reader.patterns(tensor.count() - some.size(), some);
            std::vector<float> values(some.size());
            reader.floats(0, values);
        } catch (const ParseError &) {
            // a deflated storage may be damaged, and types without numbers say so
        }
    }
}

/// Opens the bytes as any format and touches both ends of every tensor. Errors are fine; crashes and other exceptions
/// are not.
inline bool openAndTouch(std::span<const std::uint8_t> input)
{
    const auto *begin = reinterpret_cast<const std::byte *>(input.data());
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + input.size()));
    const auto file = openModel(source, "input", smallLimits());
    if (!file)
        return false;
    touchTensors(**file);
    return true;
}

} // namespace quantscope::fuzz
