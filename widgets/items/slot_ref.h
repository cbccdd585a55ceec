#pragma once

#include "network/network.h"

#include <memory>
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

/// Slots of a layer that hold a tensor, weight first.
std::vector<Slot> tensorSlots(const Layer &layer);

} // namespace quantscope
