#include "items/slot_ref.h"

#include <algorithm>

namespace quantscope {

SlotRef slotRef(std::shared_ptr<const Network> network, const std::string &layer, const std::string &slot)
{
    SlotRef ref;
    if (!network)
        return ref;
    ref.layer = network->layer(layer);
    ref.slot = ref.layer ? ref.layer->slot(slot) : nullptr;
    ref.network = std::move(network);
    return ref;
}

std::vector<std::string> tensorSlots(const Layer &layer)
{
    std::vector<std::string> names;
    for (const SlotQuantizer &slot : layer.slots)
        if (slot.tensor)
            names.push_back(slot.slot);
    std::stable_partition(names.begin(), names.end(), [](const std::string &name) { return name == "weight"; });
    return names;
}

} // namespace quantscope
