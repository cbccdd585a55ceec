#pragma once

#include "dialects/brevitas/facts.h"

#include <vector>

namespace quantscope {

/// The settings under which Brevitas may have computed what an export says of a slot, most usual first: presets with
/// the keywords that give the export's width, sign and range. Whether one does is told by resolving it. Constants with
/// the very numbers of the export stand last: they fit whatever the scale follows from.
std::vector<SlotSettings> exportCandidates(const BrevitasFacts &facts, SlotIndex index, const Quantizer &told);

/// The same settings with every other rounding of codes that the version has.
std::vector<SlotSettings> withOtherRoundings(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings);

} // namespace quantscope
