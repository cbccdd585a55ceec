#pragma once

#include "network/network.h"

#include <QStringList>

#include <memory>
#include <optional>
#include <string>

namespace quantscope {

/// A slot of a layer that keeps its network alive: what models and background jobs hold.
struct SlotRef {
    std::shared_ptr<const Network> network;
    const Layer *layer = nullptr;
    const SlotQuantizer *slot = nullptr;

    SlotId id() const { return {layer->id, slot->slot}; } ///< only of a slot that there is
    explicit operator bool() const { return slot != nullptr; }
    bool operator==(const SlotRef &other) const { return network == other.network && slot == other.slot; }

    bool readable() const { return slot && slot->tensor && slot->tensor->readable(); }
    /// Codes can be computed.
    bool hasCodes() const { return slot && slot->hasCodes(); }
    bool hasValues() const { return slot && slot->hasValues(); }
    std::uint64_t count() const { return slot && slot->tensor ? slot->tensor->count() : 0; }
};

SlotRef slotRef(std::shared_ptr<const Network> network, const std::string &layer, Slot slot);

/// The wanted slot, else the layer's first that holds a tensor, else its first.
SlotRef shownSlot(std::shared_ptr<const Network> network, const Layer &layer, std::optional<Slot> wanted);

/// Every slot of these layers.
std::vector<SlotId> slotsOf(const Network &network, const QStringList &layers);
/// Those of the layers that a network has; none without one.
QStringList layersIn(const Network *network, const QStringList &layers);

QStringList layerNames(const Network &network);

/// The first layer with a weight, else the first; null where there is none.
const Layer *firstShown(const Network &network);

/// Slots of a layer that hold a tensor, weight first.
std::vector<Slot> tensorSlots(const Layer &layer);

} // namespace quantscope
