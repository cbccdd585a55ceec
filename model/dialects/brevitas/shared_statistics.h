#pragma once

#include "dialects/brevitas/slot_work.h"
#include "dialects/brevitas/weight_statistics.h"

#include <vector>

namespace quantscope {

/// The tensors that the statistics of a slot's quantizer are over: those of all who share it, the owner's first.
/// Brevitas concatenates along the other axes, so that with statistics per channel all must have the same output
/// channels; else a SlotFailure.
std::vector<StatisticInput> sharedInputs(const SlotWork &work, bool channels);

} // namespace quantscope
