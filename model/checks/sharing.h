#pragma once

#include "analysis/inspection.h"

#include <vector>

namespace quantscope {

/// Quantizers that are, or seem to be, one object in several layers (notes):
/// - "shared-proven": two owners' stored parameters lie in the same storage of the file;
/// - "shared-suspected": two weights have the same scale per tensor, one reaches the limit that its scale was made for,
/// the other stays clearly
///   below (a quarter of the range for power-of-two scales, the last code for float scales), and the recipe does not
///   say so.
std::vector<Diagnostic> checkSharing(const Network &network, const StatisticsMap &statistics);

} // namespace quantscope
