#pragma once

#include <string_view>
#include <unordered_map>

namespace quantscope {

struct Layer;
struct Network;

/// The layers of a network by their names, for whoever looks up many: Network::layer() goes through all of them for
/// each. It lives no longer than the network.
class LayerIndex {
public:
    explicit LayerIndex(const Network &network);
    /// Null where there is none; of two of one name the first, as Network::layer().
    const Layer *find(std::string_view name) const;

private:
    std::unordered_map<std::string_view, const Layer *> m_layers;
};

} // namespace quantscope
