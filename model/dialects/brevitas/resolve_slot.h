#pragma once

#include "base/progress.h"
#include "dialects/brevitas/facts.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Why the quantizer of a slot cannot be known.
struct SlotFailure {
    enum class Reach {
        Slot, ///< this slot alone: an error diagnostic, and the others are as known as ever
        Recipe, ///< what the recipe says cannot be
        Cancelled,
    };
    std::string rule; ///< of the diagnostic
    std::string text; ///< without the slot's name, unless it reaches beyond the slot
    Reach reach = Reach::Slot;
};

/// What is to know about a quantizer that is known.
struct SlotWarning {
    std::string rule, text;
};

/// Whether resolving a slot says this of it; others, such as checks, have rules of their own.
bool isSlotWarning(std::string_view rule);

/// A slot with its quantizer, or with why there is none and what is known all the same.
struct ResolvedSlot {
    SlotQuantizer slot;
    SlotSettings settings; ///< in force: with the assumed or shared preset
    bool presetDecided = false; ///< the preset is a quantizer whose numbers can be computed
    std::vector<SlotWarning> warnings;
    std::optional<SlotFailure> failure;
};

/// What resolving a slot may ask for beside the facts.
struct SlotContext {
    /// Another slot with its quantizer: an input, or the weight of a bias. What it throws reaches `resolveSlot`.
    std::function<const SlotQuantizer &(SlotIndex)> quantizerOf;
    /// The resolved slot whose quantizer object this one shares; null when it shares none.
    const ResolvedSlot *owner = nullptr;
    /// Takes the place of the slot's tensor, where the file holds only quantized values.
    std::shared_ptr<const TensorInfo> floats;
    Progress progress;
};

/// What the quantizer of a slot is under these settings: read, computed and assumed by Brevitas' rules. Changes nothing
/// and throws nothing; memory that runs out is a failure too.
ResolvedSlot resolveSlot(
    const BrevitasFacts &facts, SlotIndex index, SlotSettings settings, const SlotContext &context);

} // namespace quantscope
