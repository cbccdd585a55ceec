#pragma once

#include "base/diagnostic.h"
#include "dialects/onnx/walk.h"
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

/// What the decoders of a layer's slots work on.
class SlotDecoder {
public:
    SlotDecoder(Constants &constants, const Layer &layer, std::vector<Diagnostic> &diagnostics)
        : m_constants(constants)
        , m_layer(layer)
        , m_diagnostics(diagnostics)
    {
    }

protected:
    /// "scale-not-constant" of a scale or zero point, as `what` names it.
    void sayNotKnown(const char *what, Slot slot, const std::string &why);

    Constants &m_constants;
    const Layer &m_layer;
    std::vector<Diagnostic> &m_diagnostics;
};

} // namespace quantscope::interpret
