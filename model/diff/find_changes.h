#pragma once

#include "analysis/find.h"

namespace quantscope {

/// As findElements, of a slot of one model and the slot that it is compared with in another (pairedSlot), for queries
/// with `changed` and `change`. Errors: Usage (nothing of them can be compared, and as findElements), Parse, Cancelled.
Result<FindResult> findChanges(
    const SlotQuantizer &first, const SlotQuantizer &second, const FindQuery &query, const Progress &progress = {});

/// How many elements of each channel of the first changed, by the channels that its statistics are told by
/// (analysis/pieces.h); empty where there are none. Errors: as findChanges.
Result<std::vector<std::uint64_t>> changesByChannel(
    const SlotQuantizer &first, const SlotQuantizer &second, const Progress &progress = {});

} // namespace quantscope
