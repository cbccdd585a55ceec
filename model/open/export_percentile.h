#pragma once

#include "tensor/tensor.h"

#include <optional>
#include <span>

namespace quantscope {

/// The percentage `high_percentile_q` of Brevitas whose percentile of a weight's magnitudes is the threshold in every
/// channel (one threshold for each of the first axis, or one for all); of those that are, the roundest. nullopt: none
/// is, or it is the largest magnitude, or the weight is too large to be looked at. Throws ParseError.
std::optional<float> percentileOf(const TensorInfo &weight, std::span<const float> thresholds);

} // namespace quantscope
