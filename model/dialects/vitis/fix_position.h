#pragma once

#include "quant/kernels.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantscope::vitis {

/// The fix positions that vai_q_pytorch may give a parameter of these values (nndct_fix_kernels_cpu.h, diffS): of the
/// widest position that still holds them, up to four further ones, the one with the least squared error. Two stand here
/// where their errors are within 1 %, since the sums of a GPU and of a CPU differ in the last digits. Empty for no
/// values, NaN and infinities, or widths that are none from 2 to 16.
std::vector<int> leastSquaresPositions(std::span<const float> values, std::int64_t bits);

/// The widest position alone: what diffs_mode maxmin takes.
std::vector<int> widestPosition(std::span<const float> values, std::int64_t bits);

/// All that any of its rules may give values in this range: from the widest position to four further ones. Nothing for
/// zeros, whose codes no position changes.
struct PositionRange {
    int first = 0, last = 0;
};
std::optional<PositionRange> positionRange(const ValueRange &range, std::int64_t bits);

} // namespace quantscope::vitis
