#include "dialects/onnx/unclamped.h"

#include "quant/code_reader.h"

#include <algorithm>

namespace quantscope::interpret {

void forEachUnclamped(
    const SlotQuantizer &slot, const Progress &progress, const std::function<bool(const UnclampedChunk &)> &see)
{
    constexpr std::uint64_t kChunk = 1 << 16;
    SlotQuantizer unclamped = slot;
    unclamped.quantizer->bitWidth = 32;
    unclamped.quantizer->isSigned = true;
    unclamped.quantizer->narrow = false;
    CodeReader reader(unclamped);
    std::vector<float> floats(kChunk), codes(kChunk), values(kChunk);
    for (std::uint64_t at = 0; at < reader.count(); at += kChunk) {
        progress.step(at, reader.count());
        const std::size_t count = std::min(kChunk, reader.count() - at);
        const auto part = [&](std::vector<float> &all) { return std::span(all).first(count); };
        reader.floats(at, part(floats));
        reader.codes(at, part(codes));
        reader.valuesFromCodes(at, part(codes), part(values));
        if (!see({part(floats), part(codes), part(values)}))
            return;
    }
}

} // namespace quantscope::interpret
