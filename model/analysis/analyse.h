#pragma once

#include "analysis/statistics.h"

namespace quantscope {

struct AnalysisOptions {
    bool hash = false;
    bool channels = false; ///< fill SlotStatistics::channels, unless there are more than 262,144
    /// Without them a pass takes two thirds of the time: bit weights then count only what is not finite, and codes are
    /// counted only where they leave half of their range unused, which somebody may want to know more of.
    bool histograms = true;
};

/// Reads the slot's tensor once, in chunks. Requires a tensor and a complete quantizer of an integer kind, or a
/// minifloat (codes are then bit patterns). Errors: Parse (bytes missing), Cancelled. Progress counts elements.
Result<SlotStatistics> analyse(const SlotQuantizer &slot, const AnalysisOptions &options = {},
    const Progress &progress = {}, const Partial<SlotStatistics> &partial = {});

} // namespace quantscope
