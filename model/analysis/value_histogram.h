#pragma once

#include "analysis/statistics.h"

namespace quantscope {

/// What a value histogram shows: bins over [low, high], of one output channel or all. Values outside are left out.
struct ValueWindow {
    double low = 0, high = 0;
    std::size_t bins = 128;
    std::optional<std::size_t> channel;
};
Result<ValueHistogram> valueHistogram(const SlotQuantizer &slot, const ValueWindow &window,
    const Progress &progress = {}, const Partial<ValueHistogram> &partial = {});

/// A second pass with a known range: `bins` equal bins over [stats.low, stats.high] of the floats (else values);
/// `channel` restricts it to one output channel.
Result<ValueHistogram> valueHistogram(const SlotQuantizer &slot, const SlotStatistics &stats, std::size_t bins,
    std::optional<std::size_t> channel = {}, const Progress &progress = {},
    const Partial<ValueHistogram> &partial = {});

/// Bit weights of the floats of a slot without integer codes: without a quantizer, or with minifloats.
Result<BitWeightHistogram> floatBitWeights(
    const SlotQuantizer &slot, const Progress &progress = {}, const Partial<BitWeightHistogram> &partial = {});

} // namespace quantscope
