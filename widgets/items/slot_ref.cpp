#include "items/slot_ref.h"

#include "network/layer_index.h"

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

SlotRef shownSlot(std::shared_ptr<const Network> network, const Layer &layer, std::optional<Slot> wanted)
{
    const auto slots = tensorSlots(layer);
    if (wanted && layer.slot(*wanted))
        return slotRef(std::move(network), layer.name, *wanted);
    if (!slots.empty())
        return slotRef(std::move(network), layer.name, slots.front());
    return layer.slots.empty() ? SlotRef() : slotRef(std::move(network), layer.name, layer.slots.front().slot);
}

std::vector<SlotId> slotsOf(const Network &network, const QStringList &layers)
{
    const LayerIndex index(network);
    std::vector<SlotId> slots;
    for (const QString &name : layers)
        if (const Layer *layer = index.find(name.toStdString()))
            for (const SlotQuantizer &slot : layer->slots)
                slots.push_back({layer->id, slot.slot});
    return slots;
}

QStringList layersIn(const Network *network, const QStringList &layers)
{
    if (network == nullptr)
        return {};
    QStringList found;
    for (const LayerIndex index(*network); const QString &name : layers)
        if (index.find(name.toStdString()))
            found << name;
    return found;
}

QStringList layerNames(const Network &network)
{
    QStringList names;
    for (const Layer &layer : network.layers)
        names << QString::fromStdString(layer.name);
    return names;
}

const Layer *firstShown(const Network &network)
{
    const auto &layers = network.layers;
    const auto weights = std::ranges::find_if(layers, [](const Layer &layer) { return layer.slot(Slot::Weight); });
    return weights != layers.end() ? &*weights : layers.empty() ? nullptr : &layers.front();
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
