#include "items/slot_ref.h"

#include <algorithm>

namespace quantscope {

SlotRef slotRef(std::shared_ptr<const Network> network, const std::string &layer, Slot slot)
{
    SlotRef ref;
    if (!network)
        return ref;
    ref.layer = network->layer(layer);
    ref.slot = ref.layer ? ref.layer->slot(slot) : nullptr;
    ref.network = std::move(network);
    return ref;
}

std::vector<std::string> inputLayers(const Layer &layer)
{
    if (!layer.fedBy.empty())
        return layer.fedBy;
    std::vector<std::string> names;
    for (const SlotQuantizer &slot : layer.slots) {
        const std::string name = slot.input.substr(0, slot.input.find(':'));
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    }
    return names;
}

std::vector<std::string> outputLayers(const Network &network, const Layer &layer)
{
    if (!layer.feeds.empty())
        return layer.feeds;
    std::vector<std::string> names;
    for (const Layer &other : network.layers) {
        const auto inputs = inputLayers(other);
        if (std::find(inputs.begin(), inputs.end(), layer.name) != inputs.end())
            names.push_back(other.name);
    }
    return names;
}

std::vector<Slot> tensorSlots(const Layer &layer)
{
    std::vector<Slot> slots;
    for (const SlotQuantizer &slot : layer.slots)
        if (slot.tensor)
            slots.push_back(slot.slot);
    std::stable_partition(slots.begin(), slots.end(), [](Slot slot) { return slot == Slot::Weight; });
    return slots;
}

} // namespace quantscope
