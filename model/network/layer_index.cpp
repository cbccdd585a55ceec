#include "network/layer_index.h"

#include "network/network.h"

namespace quantscope {

LayerIndex::LayerIndex(const Network &network)
{
    m_layers.reserve(network.layers.size());
    for (const Layer &layer : network.layers)
        m_layers.emplace(layer.name, &layer);
}

const Layer *LayerIndex::find(std::string_view name) const
{
    const auto found = m_layers.find(name);
    return found == m_layers.end() ? nullptr : found->second;
}

} // namespace quantscope
