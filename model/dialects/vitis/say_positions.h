#pragma once

#include "dialects/vitis/quant_info_join.h"

namespace quantscope {

/// Rule of the warning that a position is none of these values.
inline constexpr const char *kPositionDiffers = "position-differs";

namespace vitis {

/// Says of weights and biases whose position is none that vai_q_pytorch gives values in their range: quant_info.json
/// may be of another checkpoint. Their codes are then assumed. Nothing is said of slots that are contradicted or
/// assumed already.
void sayOtherPositions(Network &network, const QuantInfo &info, const QuantInfoJoin &join);

} // namespace vitis

} // namespace quantscope
