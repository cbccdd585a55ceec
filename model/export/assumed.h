#pragma once

#include "network/network.h"

#include <cstddef>
#include <span>
#include <string>

namespace quantscope {

/// How much of what an export writes nobody has confirmed.
struct AssumedCount {
    std::size_t slots = 0; ///< weights and biases with codes
    std::size_t layers = 0; ///< that have such a slot
    std::size_t bitLayers = 0; ///< of those: layers where it is the bit width
    std::size_t ofLayers = 0; ///< layers with codes

    bool operator==(const AssumedCount &) const = default;
};

/// Of the named layers; of every layer when none is named.
AssumedCount countAssumed(const Network &network, std::span<const std::string> layers = {});

/// "bits of 3 of 4 layers are assumed, other fields of 1 more"; empty when nothing is.
std::string assumedText(const AssumedCount &count);

} // namespace quantscope
