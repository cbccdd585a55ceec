#pragma once

#include "base/progress.h"
#include "quant/quantizer.h"

#include <functional>
#include <span>

namespace quantscope::interpret {

/// A chunk of a weight: what the file holds, and what the quantizer's rule would make of it without its limits.
struct UnclampedChunk {
    std::span<const float> floats, codes, values;
};

/// Goes through a weight with a complete quantizer until `see` answers false. Throws ParseError when its bytes are not
/// there.
void forEachUnclamped(
    const SlotQuantizer &slot, const Progress &progress, const std::function<bool(const UnclampedChunk &)> &see);

} // namespace quantscope::interpret
