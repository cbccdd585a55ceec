#pragma once

#include "open/channel_factors.h"
#include "quant/quantizer.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What an export says of one parameter of a checkpoint.
struct DpuVerdict {
    bool positionsAgree = false;
    bool codesAgree = false; ///< every code was compared
    std::string difference; ///< a sentence without the slot's name; empty where nothing differs
    std::optional<ChannelFactors> equalized;
    std::vector<FactorRange> ranges; ///< of those factors
};

/// A parameter of a checkpoint and the same one of an export, in one shape.
struct DpuPair {
    const SlotQuantizer &mine, &theirs;
    std::string exportFile;
    const TensorInfo *stored = nullptr; ///< from which a correction was subtracted; null where none was
    std::span<const FactorRange> known = {}; ///< of a bias: the factors of its weight's output channels
};

/// Scale, width and codes. Throws ParseError when data cannot be read.
DpuVerdict compareDpuSlot(const DpuPair &pair);

} // namespace quantscope
