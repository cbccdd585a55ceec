#include "dialects/brevitas/resolve_slot.h"

#include "dialects/brevitas/activation_rules.h"
#include "dialects/brevitas/assumed_presets.h"
#include "dialects/brevitas/bias_rules.h"
#include "dialects/brevitas/packed_rules.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/proofs.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/scale_sharing.h"
#include "dialects/brevitas/slot_preset.h"
#include "dialects/brevitas/slot_work.h"
#include "dialects/brevitas/torch_ao_rules.h"
#include "dialects/brevitas/truncation_rules.h"
#include "dialects/brevitas/weight_rules.h"
#include "network/recover.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace quantscope {

namespace {

void applySlotRules(SlotWork &work)
{
    shareScaling(work);
    switch (presetSlot(work.slot.slot)) {
    case Slot::Weight: resolveWeight(work); break;
    case Slot::Bias: resolveBias(work); break;
    case Slot::Trunc: resolveTruncation(work); break;
    default: resolveActivation(work);
    }
    takeOwnersScale(work);
    tellScaling(work);
}

/// The scale hangs on every keyword and on what it is shared with.
void markUnconfirmedWords(SlotWork &work)
{
    const SlotSettings &settings = work.settings;
    if (!work.slot.quantizer || !work.slot.quantizer->scale)
        return;
    if (!settings.assumedKeywords.empty() && !work.slot.presetAssumed)
        work.markAssumed(*work.slot.quantizer, "scale", *settings.assumedKeywords.begin());
    if (settings.sharingAssumed)
        work.markAssumed(*work.slot.quantizer, "scale", "what it is shared with");
    if (work.spec && !work.spec->missing.empty())
        work.markAssumed(*work.slot.quantizer, "scale", work.spec->missing.front());
}

void applyRules(SlotWork &work)
{
    decidePreset(work);
    if (work.spec)
        applySlotRules(work);
    settleLastBits(work);
    markUnconfirmedWords(work);
}

/// The one catch of what the rules throw.
std::optional<SlotFailure> failureOf(SlotWork &work)
{
    try {
        applyRules(work);
        if (work.restsOnMean && work.slot.quantizer)
            noteOrderOfAddition(*work.slot.quantizer);
        return std::nullopt;
    } catch (const SlotFailure &failure) {
        return failure;
    } catch (const ParseError &error) {
        return SlotFailure{"tensor-unreadable", error.what()};
    } catch (const RecipeMismatch &error) {
        return SlotFailure{"", error.what(), SlotFailure::Reach::Recipe};
    } catch (const CancelledError &) {
        return SlotFailure{"", "was cancelled", SlotFailure::Reach::Cancelled};
    } catch (const std::bad_alloc &) {
        return SlotFailure{"out-of-memory", "there is not enough memory to compute its quantizer"};
    }
}

} // namespace

bool isSlotWarning(std::string_view rule)
{
    static constexpr std::string_view kRules[]
        = {"shared-keyword-ignored", "keyword-without-effect", "keyword-missing", "stored-bit-width-unused",
            "stored-integers", "proof-from-export", kNeverCalibrated, "shared-values-differ", kScaleShared, kOnGrid,
            kRangeUnknown, kSwitchedOff, kGroupsOutOfOrder, kGroupsAssumed, kTableOfValues, kOrderAssumed};
    return std::ranges::find(kRules, rule) != std::end(kRules);
}

ResolvedSlot resolveSlot(const BrevitasFacts &facts, SlotIndex index, SlotSettings settings, const SlotContext &context)
{
    SlotWork work{facts, index, context, std::move(settings), bareSlot(facts, index, context.floats), {}, {}, {}};
    auto failure = failureOf(work);
    return {std::move(work.slot), std::move(work.settings), work.spec.has_value(), std::move(work.warnings),
        std::move(failure)};
}

} // namespace quantscope
