#pragma once

#include "dialects/brevitas/slot_work.h"

#include <optional>
#include <vector>

namespace quantscope {

/// Rule of what is said where one stored threshold belongs to several quantizers and the recipe does not say what else
/// they share.
inline constexpr const char *kScaleShared = "scale-shared";

/// Finds the slots whose thresholds the file keeps in the same storage: one scaling_impl of several quantizers.
void linkStorages(BrevitasFacts &facts);

/// The slot that `scale_shared_with` or `threshold_shared_with` names; nullopt where neither is given. Throws
/// RecipeMismatch: no such slot, one of another kind, the slot itself.
std::optional<SlotIndex> scalingOwner(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings);

/// Gives the spec of a slot the scaling that it shares with another quantizer, by the recipe's word or because the file
/// keeps one threshold for both: an unsigned one then takes the int scaling of the signed one, as Brevitas' graph
/// quantization (0.7 to 0.12) makes them for sums. Throws SlotFailure, RecipeMismatch, ParseError.
void shareScaling(SlotWork &work);

/// Who shares the whole quantizer of one that shares its scaling with a third has that scale too.
void takeOwnersScale(SlotWork &work);

/// Says in the origin of the scale, and in a warning where it is assumed, what is shared.
void tellScaling(SlotWork &work);

/// "LAYER:SLOT" whose int scaling a quantizer is assumed to share because one storage keeps both thresholds; what
/// `scale_shared_with` would say to settle it.
std::optional<std::string> assumedScaleOwner(const SlotQuantizer &slot);

} // namespace quantscope
