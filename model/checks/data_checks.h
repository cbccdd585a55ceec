#pragma once

#include "analysis/statistics.h"
#include "base/diagnostic.h"
#include "network/network.h"

#include <vector>

namespace quantscope {

/// What a rule looks at: one slot with a quantizer, and its statistics where it has a tensor (nullptr for activations).
struct CheckedSlot {
    const Layer &layer;
    const SlotQuantizer &slot;
    const SlotStatistics *statistics = nullptr;
};

/// Runs every rule over one slot.
std::vector<Diagnostic> checkSlot(const CheckedSlot &facts);

} // namespace quantscope
