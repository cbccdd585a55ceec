#pragma once

#include "lab/compare.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// One way to scale a layer's values, on the way from its float scales to one power of two.
struct PowerRow {
    std::string layer;
    std::vector<std::string>
        rules; ///< "in the file", "per channel, float", "per tensor, float"; "floor", "nearest", ...
    double scale = 0; ///< 0 when there are several
    CandidateResult result; ///< its name is what would be applied
    std::optional<double> lostDb; ///< against the layer's float scales, as `againstChannels` says
    bool againstChannels = false; ///< per channel, where the slot can have them; else against the one of the tensor
    bool best = false; ///< the power of two with the least squared error

    std::string rule() const; ///< "floor, least MSE"
};

struct PowerTable {
    std::string layer;
    Slot slot = Slot::Weight;
    bool againstQuantized = false; ///< the file holds only quantized values: errors are against those
    std::optional<double> fracBits; ///< -log2 of the float scale per tensor, not rounded
    std::vector<PowerRow> rows;
};

/// Rows for one slot: the file's own, per channel float, per tensor float, then ap_fixed<W,I> of the scales 2^k with
/// k = log₂(scale) rounded down (floor), to nearest and up (ceil), and the one with the least squared error of all near
/// it. Errors as compareCandidates.
Result<PowerTable> powerOfTwoTable(
    const Network &network, const std::string &layer, Slot slot, const Progress &progress = {});

} // namespace quantscope
