#pragma once

#include "base/progress.h"
#include "dialects/brevitas/spec.h"
#include "tensor/tensor.h"

#include <span>
#include <vector>

namespace quantscope {

/// A tensor that takes part in a statistic, and which of its axes holds the output channels.
struct StatisticInput {
    const TensorInfo *tensor = nullptr;
    int channelAxis = 0;
};

/// Statistics over one tensor or over the concatenation of several that share a quantizer.
struct WeightStatistic {
    std::vector<float> values; ///< one, or one per output channel: the linear threshold
    std::vector<float> minimum; ///< min(0, min w), same granularity; only for shifted quantizers
    std::vector<float> maximum; ///< max w, likewise
};

/// The spec's statistic. Absolute maxima and minima are exact whatever the order; means are summed in float64 and then
/// rounded, so that they can differ from torch's float32 sums by one unit in the last place. A NaN in the weights
/// gives NaN, as in torch. Throws ParseError: unreadable bytes, channel counts that differ, no elements.
WeightStatistic weightStatistic(
    std::span<const StatisticInput> inputs, const QuantizerSpec &spec, bool perChannel, const Progress &progress = {});

/// Per output channel: sum |w|, sqrt(sum w^2), or the same of w - mean(w); for weight-norm and accumulator-aware
/// quantizers.
enum class ChannelNorm { L1, L2, CenteredL1 };
struct ChannelNorms {
    std::vector<float> norm;
    std::vector<float> mean; ///< only for CenteredL1
};
ChannelNorms channelNorms(const StatisticInput &input, ChannelNorm kind);

} // namespace quantscope
