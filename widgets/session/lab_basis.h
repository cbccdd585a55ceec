#pragma once

#include "network/layer_index.h"
#include "network/network.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
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

/// The bases of a network's slots, for whoever asks for many. It lives no longer than the network.
class LabBases {
public:
    explicit LabBases(const Network &network);
    /// Nothing where the network has no such slot.
    std::optional<LabBasis> of(const std::string &layer, Slot slot, std::uint64_t quantizers = 0) const;

private:
    using Tensors = std::vector<std::shared_ptr<const TensorInfo>>;
    LayerIndex m_layers;
    std::unordered_map<std::string, Tensors> m_sharers; ///< by "LAYER:SLOT" whose quantizer they have
    int m_version;
};

/// Some slot has another quantizer, or there are other slots.
bool quantizersDiffer(const Network &a, const Network &b);

} // namespace quantscope
