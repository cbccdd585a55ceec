#include "session/lab_basis.h"

#include "lab/compare.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

LabBases::LabBases(const Network &network)
    : m_layers(network)
    , m_version(versionOf(network.recipe))
{
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &sharer : layer.slots)
            if (!sharer.sharedWith.empty())
                m_sharers[sharer.sharedWith].push_back(sharer.tensor);
}

std::optional<LabBasis> LabBases::of(const std::string &layerName, Slot wanted, std::uint64_t quantizers) const
{
    const Layer *layer = m_layers.find(layerName);
    const SlotQuantizer *slot = layer ? layer->slot(wanted) : nullptr;
    if (!slot)
        return std::nullopt;
    const auto sharers = m_sharers.find(fmt::format("{}:{}", layerName, slotName(wanted)));
    return LabBasis{.tensor = slot->tensor,
        .kind = layer->kind,
        .groups = layer->groups,
        .stride = layer->stride,
        .channelAxis = slot->channelAxis,
        .version = m_version,
        .sharers = sharers == m_sharers.end() ? Tensors() : sharers->second,
        .quantizers = wanted == Slot::Weight ? 0 : quantizers};
}

bool quantizersDiffer(const Network &a, const Network &b)
{
    return !std::equal(
        a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(), [](const Layer &x, const Layer &y) {
            return std::equal(x.slots.begin(), x.slots.end(), y.slots.begin(), y.slots.end(),
                [](const SlotQuantizer &p, const SlotQuantizer &q) {
                    return p.slot == q.slot && p.input == q.input && p.tensor == q.tensor && p.quantizer == q.quantizer;
                });
        });
}

} // namespace quantscope
