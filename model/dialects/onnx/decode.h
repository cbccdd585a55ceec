#pragma once

#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Turns what a graph writes about one slot into a SlotQuantizer.
class Decoder {
public:
    Decoder(Constants &constants, std::vector<Diagnostic> &diagnostics)
        : m_constants(constants)
        , m_diagnostics(diagnostics)
    {
    }

    /// Slot, tensor and shape; no element is read.
    SlotQuantizer list(const PlannedSlot &slot);
    /// With its quantizer. What is wrong becomes a diagnostic, and the quantizer stays unknown.
    SlotQuantizer decode(const PlannedSlot &slot, const Layer &layer);

private:
    void fill(const PlannedSlot &slot, const Layer &layer, SlotQuantizer &out);
    void fillFake(const PlannedSlot &slot, SlotQuantizer &out);
    void fillSign(const PlannedSlot &slot, SlotQuantizer &out);
    ValueId stored(const PlannedSlot &slot);
    std::shared_ptr<const TensorInfo> blocks(const PlannedSlot &slot);

    Constants &m_constants;
    std::vector<Diagnostic> &m_diagnostics;
};

} // namespace quantscope::interpret
