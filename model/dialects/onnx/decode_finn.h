#pragma once

#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/finn_type.h"
#include "dialects/onnx/plan.h"
#include "dialects/onnx/thresholds.h"

namespace quantscope::interpret {

/// Decodes one slot of which a FINN graph says the type: by name, in an annotation or an attribute, or as thresholds.
/// Throws ParseError, NotConstant.
class FinnDecoder : SlotDecoder {
public:
    using SlotDecoder::SlotDecoder;

    /// A float tensor that holds values of the type; `out` has it. One that is not of the type is said.
    void constant(const PlannedSlot &slot, SlotQuantizer &out);
    /// What the network computes, of which nothing but the type is known.
    void activation(const PlannedSlot &slot, SlotQuantizer &out);
    /// What counts thresholds: MultiThreshold and the layers of the hardware with thresholds of their own.
    void thresholds(const PlannedSlot &slot, SlotQuantizer &out);

private:
    Quantizer quantizerOf(const FinnType &type, const PlannedSlot &slot) const;
    std::optional<FinnType> takeType(const PlannedSlot &slot, SlotQuantizer &out);
    void takeScale(const PlannedSlot &slot, SlotQuantizer &out);
    void takeSteps(const PlannedSlot &slot, ThresholdFacts &facts);
    /// Says what is not of the type; false then.
    bool isOfType(const PlannedSlot &slot, const SlotQuantizer &out);
    void saySteps(const Node &node, const FinnType &type, std::int64_t steps, Slot slot);
    void say(const char *rule, Severity severity, Slot slot, const std::string &text);
};

} // namespace quantscope::interpret
