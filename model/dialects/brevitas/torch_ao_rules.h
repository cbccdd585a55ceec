#pragma once

#include "dialects/brevitas/slot_work.h"

namespace quantscope {

/// The quantizer that a checkpoint of torch.ao keeps beside a layer: an output's or input's scale and zero point, or a
/// fake quantizer with what its observer saw. What the file does not tell stays unknown, with a warning.
void resolveTorchAo(SlotWork &work);

/// Of one of its own rules: the range of a fake quantizer cannot be told.
inline constexpr std::string_view kRangeUnknown = "quantizer-range-unknown";
inline constexpr std::string_view kSwitchedOff = "quantizer-switched-off";

} // namespace quantscope
