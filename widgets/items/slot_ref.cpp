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
