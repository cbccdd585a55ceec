#pragma once

#include "network/network.h"

#include <cstdint>
#include <vector>

namespace quantscope {

/// How integer hardware brings a sum onto the scale of the next quantizer: code = round(sum * factor).
struct RequantizationFactor {
    double factor = 0; ///< weight scale * input scale (* alpha) / output scale, in float64
    /// factor = multiplier * 2^(shift - 31), as gemmlowp and TFLite write it: multiplier in [2^30, 2^31), shift to the
    /// left where it is positive. Below 2^-32 both are 0.
    std::int32_t multiplier = 0;
    int shift = 0;
    double error = 0; ///< (what these give - factor) / factor
    int powerShift = 0; ///< the nearest 2^-powerShift: a shift to the right alone
    double powerError = 0; ///< its relative error; 0: the shift is exact
    bool operator==(const RequantizationFactor &) const = default;
};

/// Precondition: `factor` is positive and finite.
RequantizationFactor requantizationFactor(double factor);

struct Requantization {
    SlotId output; ///< the quantizer that the result meets
    std::vector<RequantizationFactor> factors; ///< one, or one per output channel
    /// The relative error of largest magnitude.
    double worstError() const;
    double worstPowerError() const;
    bool operator==(const Requantization &) const = default;
};

/// For each quantizer that a layer's result meets: its own `output`, else those that stand behind it and behind
/// operators that keep values or only cut them off (Relu, Clip). Empty where scales are not known, or are no positive
/// finite numbers, and where something else is computed in between.
std::vector<Requantization> requantizationsOf(const Network &network, const Layer &layer, const SlotId &input);

} // namespace quantscope
