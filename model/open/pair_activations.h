#pragma once

#include "open/pair_weights.h"

#include <vector>

namespace quantscope {

/// An activation quantizer of an export, and the slot of the checkpoint that it is.
struct SlotPair {
    std::size_t checkpoint = 0; ///< position of the layer
    Slot slot = Slot::Act;
    std::size_t exported = 0;
    Slot exportedSlot = Slot::Act;
};

/// Which activations are which where names do not meet: those between the same two layers with weights, in their order,
/// when the export's scale follows from the threshold that the checkpoint stores. Where order and values allow two
/// assignments that differ, none is made. Throws ParseError.
std::vector<SlotPair> pairActivations(
    const Network &listed, const Network &exported, const std::vector<LayerPair> &weights);

} // namespace quantscope
