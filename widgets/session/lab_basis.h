#pragma once

#include "network/network.h"

#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// What the candidates of a slot depend on besides their own settings: the floats, what the layer is, and the Brevitas
/// version, but not the quantizer in force. Equal bases give equal results. Those of a bias also follow the other
/// quantizers of the network, which `quantizers` numbers.
struct LabBasis {
    std::shared_ptr<const TensorInfo> tensor; ///< merging a batch norm gives another one
    std::string kind;
    int groups = 1, stride = 1, channelAxis = 0, version = 0;
    std::vector<std::shared_ptr<const TensorInfo>> sharers; ///< over whose values its statistics are taken too
    std::uint64_t quantizers = 0; ///< 0 for weights

    bool operator==(const LabBasis &) const = default;
};

/// Of a slot that the network has.
LabBasis labBasis(const Network &network, const std::string &layer, Slot slot, std::uint64_t quantizers = 0);

/// Some slot has another quantizer, or there are other slots.
bool quantizersDiffer(const Network &a, const Network &b);

} // namespace quantscope
