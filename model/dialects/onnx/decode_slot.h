#pragma once

#include "base/diagnostic.h"
#include "network/network.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace quantscope::interpret {

/// The tensor that a slot quantizes, with its name and shape; never null.
void takeTensor(SlotQuantizer &out, std::shared_ptr<const TensorInfo> tensor);

/// "bias-width-lost": `type` holds a bias, which says nothing about the bits in use.
void sayBiasWidthLost(std::vector<Diagnostic> &diagnostics, const Layer &layer, Slot slot, std::string_view type);

/// Runs `fill`, which decodes the quantizer of `out`. What it throws as ParseError becomes a diagnostic: the quantizer
/// stays unknown, and `forget` puts back what is listed of the slot. False where no quantizer is left, also where the
/// tensor cannot be read, of which the reader has told. A scale that means nothing is said.
bool fillSlot(SlotQuantizer &out, const Layer &layer, std::vector<Diagnostic> &diagnostics,
    const std::function<void()> &fill, const std::function<void()> &forget);

} // namespace quantscope::interpret
