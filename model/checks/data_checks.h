#pragma once

#include "analysis/statistics.h"
#include "base/diagnostic.h"
#include "network/network.h"

#include <span>
#include <vector>

namespace quantscope {

/// What a rule looks at: one slot with a quantizer, and its statistics where it has a tensor (nullptr for activations).
struct CheckedSlot {
    const Layer &layer;
    const SlotQuantizer &slot;
    const SlotStatistics *statistics = nullptr;
};

/// One rule, one function: a diagnostic's text (without the layer) or nothing.
struct DataRule {
    const char *id;
    Severity severity;
    std::optional<std::string> (*check)(const CheckedSlot &facts);
};

/// All rules that need no target: this table is where one is added.
std::span<const DataRule> dataRules();

/// Runs every rule over one slot.
std::vector<Diagnostic> checkSlot(const CheckedSlot &facts);

} // namespace quantscope
