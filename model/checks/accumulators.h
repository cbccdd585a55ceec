#pragma once

#include "base/progress.h"
#include "checks/requantization.h"
#include "network/network.h"

#include <cstdint>
#include <string>
#include <vector>

namespace quantscope {

/// The sums of one output channel.
struct ChannelSum {
    std::int64_t min = 0;
    std::int64_t max = 0;
    int bitsNeeded = 0; ///< in two's complement
    bool operator==(const ChannelSum &) const = default;
};

/// What the sums of one weight layer reach: of weight code times input code, zero points subtracted from both, over all
/// inputs in the input quantizer's range and the zeros of a padding, plus the bias code where its scale is input times
/// weight scale.
struct AccumulatorRange {
    LayerId layer{};
    SlotId input; ///< the quantizer whose values it reads
    std::int64_t min = 0;
    std::int64_t max = 0;
    int bitsNeeded = 0; ///< in two's complement, of the channel that needs most
    std::size_t channel = 0; ///< the first of those
    bool biasIncluded = false; ///< false also without a bias
    std::uint64_t terms = 0; ///< products in one sum, at most
    /// Why its sums may stay within less than this; empty where inputs exist that reach both ends.
    std::string bound;
    std::vector<ChannelSum> channels; ///< by output channel
    std::vector<Requantization> requantizations; ///< one for each quantizer that its result meets

    /// What the file or its recipe says (accumulator-aware training, FINN's accDataType), else the 32 bits in which
    /// runtimes, exports and generated hardware accumulate unless told otherwise.
    int declaredBits = 32;
    bool overflows() const { return bitsNeeded > declaredBits; }
    bool operator==(const AccumulatorRange &) const = default;
};

/// A layer with a quantized weight whose sums are not known, and why: a sentence without its name.
struct UnknownAccumulator {
    LayerId layer{};
    std::string why;
    bool operator==(const UnknownAccumulator &) const = default;
};

struct Accumulators {
    std::vector<AccumulatorRange> known; ///< in the order of the layers
    std::vector<UnknownAccumulator> unknown;
};

/// Of every layer that sums products with a quantized weight (convolutions, Linear and matrix products, ScaleBias).
/// Reads each weight once, in chunks on all cores: the same tensors as the statistics, no other. Progress counts
/// elements. Errors: Cancelled. A weight that cannot be read is among the unknown.
Result<Accumulators> accumulatorsOf(const Network &network, const Progress &progress = {});

/// Bits in two's complement that hold both, at least 1.
int bitsOfRange(std::int64_t min, std::int64_t max);

/// "conv1", or "conv1:input" where the name alone would mean another slot, as recipes name it.
std::string inputName(const Network &network, const SlotId &slot);

} // namespace quantscope
