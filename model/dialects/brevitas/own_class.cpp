#include "dialects/brevitas/own_class.h"

#include "dialects/brevitas/proofs.h"
#include "quant/code_hash.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr double kWidestOwnCode = 62; ///< codes and their limits are int64

SlotFailure unknown(const SlotWork &work, std::string_view why)
{
    return {"own-class", fmt::format("{} is no class of Brevitas: {}", work.settings.ownClass, why)};
}

/// Per tensor, along the output channels of a weight or the elements of a bias; in an activation along an axis that the
/// proof does not tell.
Granular granularOf(const SlotWork &work, const std::vector<double> &values)
{
    std::vector<float> floats(values.begin(), values.end());
    if (work.slot.tensor)
        return perChannel(work.slot, work.slot.slot == Slot::Bias ? 0 : work.slot.channelAxis, std::move(floats));
    return floats.size() == 1 ? Granular{{}, {}, std::move(floats)}
                              : Granular{{static_cast<std::int64_t>(floats.size())}, {}, std::move(floats)};
}

Quantizer quantizerOf(const SlotWork &work, const RecipeProof &proof)
{
    Quantizer out;
    const auto tell = [&](const char *field) {
        out.origin[field]
            = {Origin::Recipe, fmt::format("{} ({}, proof {})", tellerOf(proof), work.settings.ownClass, proof.number)};
    };
    if (proof.bitWidth && *proof.bitWidth == std::floor(*proof.bitWidth) && *proof.bitWidth <= kWidestOwnCode) {
        out.bitWidth = static_cast<int>(*proof.bitWidth);
        tell("bit_width");
    }
    if (proof.isSigned) {
        out.isSigned = proof.isSigned;
        tell("signed");
    }
    if (proof.scale) {
        out.scale = granularOf(work, *proof.scale);
        tell("scale");
    }
    if (proof.zeroPoint) {
        out.zeroPoint = granularOf(work, *proof.zeroPoint);
        tell("zero_point");
    }
    return out;
}

/// Of a tensor, whose codes must be those of the proof.
void findCodes(SlotWork &work, const RecipeProof &proof)
{
    SlotQuantizer &slot = work.slot;
    const bool provesIt = work.facts.slots[work.index].proof.has_value();
    const ResolvedSlot *owner = work.context.owner;
    auto found = provesIt && proof.codesSha256 && slot.hasCodes()
        ? quantizerWithCodes(slot, *proof.codesSha256, work.context.progress)
        : std::nullopt;
    if (!found && !provesIt && owner != nullptr && owner->slot.quantizer && owner->slot.quantizer->isComplete())
        found = owner->slot.quantizer;
    if (!found) {
        slot.quantizer->opaque = true;
        throw unknown(work,
            !provesIt || !proof.codesSha256
                ? "how it makes codes is not known, and no proof has their hash"
                : "its codes are none that a known rounding makes of the scale, bits and sign in its proof");
    }
    slot.quantizer = std::move(found);
    slot.assumed = slot.assumed || !provesIt;
    for (const char *field : {"rounding", "narrow"})
        slot.quantizer->origin[field] = provesIt
            ? Provenance{Origin::Computed, "the codes have the hash of the proof"}
            : Provenance{Origin::Assumed, "as it makes the codes of the quantizer's other slot, which may not tell"};
}

} // namespace

void takeOwnClass(SlotWork &work)
{
    SlotQuantizer &slot = work.slot;
    slot.assumed = slot.presetAssumed = work.settings.presetAssumed || work.settings.sharingAssumed;
    const RecipeProof *proof = proofOf(work.facts, work.index);
    if (proof == nullptr)
        throw unknown(work, "its fields and codes come from a proof, and the recipe has none of it");
    slot.quantizer = quantizerOf(work, *proof);
    for (const auto &[keyword, value] : work.settings.overrides)
        work.warn("keyword-without-effect",
            fmt::format("{} = {} has no effect here: {} is no class of Brevitas, and proof {} has its fields", keyword,
                value, work.settings.ownClass, proof->number));
    slot.formula = fmt::format("{}: what {} {} (proof {})", work.settings.ownClass, tellerOf(*proof),
        proof->from ? "told" : "computed", proof->number);
    if (!slot.quantizer->isComplete()) {
        slot.quantizer->opaque = true;
        throw unknown(work, "its proof does not tell scale, zero point, bit width and sign");
    }
    if (slot.tensor)
        return findCodes(work, *proof);
    slot.quantizer->origin["rounding"] = {Origin::Assumed, "the proof of an activation does not tell how it rounds"};
}

} // namespace quantscope
