#pragma once

#include "dialects/brevitas/facts.h"

#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// A name for the quantizer that this slot of a recurrent layer shares with others, whatever the model's options
/// (nn/quant_rnn.py): both weights of a gate have one, and so have inputs and outputs of all layers and directions.
/// Empty for slots that share nothing by construction.
std::string sharedByConstruction(std::string_view layer, Slot slot);

/// The quantizer of what a gate's bias is added to; nullopt for what is no such bias.
std::optional<SlotIndex> gateInput(const BrevitasFacts &facts, const std::string &layer);

} // namespace quantscope
