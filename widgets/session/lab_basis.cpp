#include "session/lab_basis.h"

#include "lab/compare.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

static std::vector<std::shared_ptr<const TensorInfo>> sharersOf(
    const Network &network, const std::string &layer, Slot slot)
{
    const std::string owner = fmt::format("{}:{}", layer, slotName(slot));
    std::vector<std::shared_ptr<const TensorInfo>> tensors;
    for (const Layer &other : network.layers)
        for (const SlotQuantizer &sharer : other.slots)
            if (sharer.sharedWith == owner)
                tensors.push_back(sharer.tensor);
    return tensors;
}

LabBasis labBasis(const Network &network, const std::string &layerName, Slot wanted, std::uint64_t quantizers)
{
    const Layer &layer = *network.layer(layerName);
    const SlotQuantizer &slot = *layer.slot(wanted);
    return {.tensor = slot.tensor,
        .kind = layer.kind,
        .groups = layer.groups,
        .stride = layer.stride,
        .channelAxis = slot.channelAxis,
        .version = versionOf(network.recipe),
        .sharers = sharersOf(network, layerName, wanted),
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
