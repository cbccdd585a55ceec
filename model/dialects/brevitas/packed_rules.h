#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// The weight of the slot's layer that the file keeps packed, or nullptr.
const PackedWeight *packedWeightOf(const BrevitasFacts &facts, SlotIndex index);

/// The quantizer of a packed weight (GPTQ, AWQ, bitsandbytes), whose codes the file holds: bits by the shapes, scales
/// and zero points as they are stored. Throws SlotFailure for one that is not decoded, ParseError.
void resolvePacked(SlotWork &work, const PackedWeight &packed);

/// Of its own rules.
inline constexpr std::string_view kGroupsOutOfOrder = "groups-out-of-order";
inline constexpr std::string_view kGroupsAssumed = "group-size-assumed";
inline constexpr std::string_view kTableOfValues = "table-of-values";
inline constexpr std::string_view kOrderAssumed = "weight-order-assumed";

} // namespace quantscope
