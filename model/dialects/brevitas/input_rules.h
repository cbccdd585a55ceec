#pragma once

#include "dialects/brevitas/slot_work.h"

#include <optional>
#include <string>

namespace quantscope {

/// Scale, zero point, bits and sign of what a layer reads.
struct InputQuantizer {
    float scale = 0;
    float zeroPoint = 0;
    int bits = 0; ///< 0 when they are not known
    bool isSigned = true;
    std::string from;
    bool assumed = false;
};

/// By the recipe's numbers or its `input`, the layer's own input quantizer, or what feeds the layer; nullopt when
/// nothing tells. Throws SlotFailure, and RecipeMismatch where `input` names no activation.
std::optional<InputQuantizer> inputOf(const SlotWork &work, bool needsScale);

/// The slot whose quantizer `inputOf` asks for. Throws RecipeMismatch where `input` names no activation.
std::optional<SlotIndex> inputSlot(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings);

/// Some of a quantizer's scale rests on an assumption.
bool hasAssumedScale(const SlotQuantizer &slot);

} // namespace quantscope
