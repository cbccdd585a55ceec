#pragma once

#include "checks/rule.h"

namespace quantscope {

/// Which scale the bias of a layer has.
enum class BiasScale {
    None, ///< there is no bias
    Float, ///< nothing quantizes it
    External, ///< weight scale times input scale: it is on the grid of the layer's sums
    Internal, ///< one of its own
    Unknown,
};

/// By its preset; of files that say their quantizers themselves by the numbers: external where every bias scale is the
/// float32 product of weight scale and input scale, within two units of the last place.
BiasScale biasScaleOf(const CheckFacts &facts, const Layer &layer);
/// The bias scale is that product for this quantizer of an input; where the layer's operator multiplies sums (alpha) or
/// bias (beta), the steps are compared that these give. False where the network computes such a factor.
bool isProductScale(const Network &network, const Layer &layer, const Quantizer &input);

} // namespace quantscope
