#include "dialects/brevitas/slot_work.h"

#include "base/text.h"

#include <fmt/format.h>

namespace quantscope {

std::optional<SlotIndex> SlotWork::owner() const
{
    return context.owner == nullptr ? std::nullopt : facts.slots[index].owner;
}

std::optional<SlotIndex> SlotWork::thresholdOwner() const
{
    if (const auto whole = owner())
        return whole;
    return scaling.says == ScalingShare::Says::Nothing || scaling.says == ScalingShare::Says::Conflict
        ? std::nullopt
        : std::optional(scaling.other);
}

void SlotWork::markAssumed(Quantizer &quantizer, const char *field, const std::string &from)
{
    Provenance &origin = quantizer.origin[field];
    origin
        = {Origin::Assumed, fmt::format("{}{}{} is assumed", origin.detail, origin.detail.empty() ? "" : "; ", from)};
    slot.assumed = true;
}

SlotQuantizer bareSlot(const BrevitasFacts &facts, SlotIndex index, const std::shared_ptr<const TensorInfo> &floats)
{
    const SlotQuantizer &known = facts.slotOf(index);
    SlotQuantizer bare;
    bare.slot = known.slot;
    bare.tensorName = known.tensorName;
    bare.tensor = floats ? floats : known.tensor;
    bare.shape = known.shape;
    bare.channelAxis = known.channelAxis;
    bare.storedScale = known.storedScale;
    bare.sources = known.sources;
    bare.computed = known.computed;
    return bare;
}

Quantizer startQuantizer(const QuantizerSpec &spec, int bits)
{
    Quantizer q;
    q.kind = spec.kind;
    q.bitWidth = bits;
    q.isSigned = spec.isSigned;
    q.narrow = spec.narrow;
    q.rounding = spec.rounding;
    q.rule = spec.kind == QuantizerKind::Binary ? CodeRule::Threshold : CodeRule::DivideAddRound;
    if (spec.ternaryThreshold && spec.kind == QuantizerKind::Ternary) {
        q.rule = CodeRule::TernaryThreshold;
        q.ternaryThreshold = *spec.ternaryThreshold;
    }
    if (spec.kind == QuantizerKind::Minifloat) {
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = {spec.preset->exponentBits, spec.preset->mantissaBits};
        q.narrow = std::nullopt; // its codes are patterns: no integer end is left out
    }
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    q.origin = spec.origin;
    q.origin.erase("granularity");
    if (!q.narrow)
        q.origin["narrow"] = {Origin::Computed, "codes are bit patterns, and no end of their range is left out"};
    q.origin["zero_point"] = {Origin::Preset, "symmetric"};
    return q;
}

float storedAt(const std::optional<std::vector<float>> &list, std::size_t i, std::size_t count, float otherwise)
{
    if (!list)
        return otherwise;
    if (list->size() != 1 && list->size() != count)
        throw SlotFailure{"scale-count", fmt::format("{} stored factors do not fit {} scales", list->size(), count)};
    return (*list)[list->size() == 1 ? 0 : i];
}

void requireAffineKeys(const QuantizerSpec &spec, bool present)
{
    if (spec.affine && !present && spec.version < 121) // 0.12.1 leaves out a factor that is not learned
        throw SlotFailure{"key-missing",
            "affine_stats keeps a factor in the key scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight, "
            "which is not in the file"};
}

Granular perChannel(const SlotQuantizer &slot, int axis, std::vector<float> values)
{
    if (values.size() == 1)
        return {{}, {}, std::move(values)};
    if (axis < 0)
        throw SlotFailure{
            "scale-count", fmt::format("no axis of {} holds the output channels", printable(slot.tensorName))};
    const auto at = static_cast<std::size_t>(axis);
    if (at >= slot.shape.size() || slot.shape[at] != static_cast<std::int64_t>(values.size()))
        throw SlotFailure{"scale-count",
            fmt::format("{} scales or zero points do not fit axis {} of a tensor of the shape {}", values.size(), axis,
                shapeText(slot.shape))};
    Granular out;
    out.shape.assign(slot.shape.size(), 1);
    out.shape[at] = static_cast<std::int64_t>(values.size());
    out.axis = axis;
    out.values = std::move(values);
    return out;
}

} // namespace quantscope
