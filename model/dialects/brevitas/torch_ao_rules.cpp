#include "dialects/brevitas/torch_ao_rules.h"

#include "base/text.h"
#include "dialects/brevitas/activation_rules.h"
#include "dialects/torch/ao_range.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

void setRange(Quantizer &q, const AoRange &range, const Provenance &from)
{
    q.bitWidth = range.bits;
    q.isSigned = range.isSigned;
    q.narrow = range.narrow;
    for (const char *field : {"bit_width", "signed", "narrow"})
        q.origin[field] = from;
}

std::string keyName(const SlotWork &work, std::string_view field)
{
    return work.facts.file->tensors[work.keys()->fields.find(field)->second].name;
}

/// Scale and zero point, as stored.
Quantizer readAffine(SlotWork &work)
{
    const auto scales = work.stored("scale"), zeros = work.stored("zero_point");
    if (!scales || scales->empty() || !zeros || zeros->empty())
        throw SlotFailure{"key-missing", "torch.ao keeps a scale and a zero point for it, and one is not in the file"};
    const SlotQuantizer &slot = work.slot;
    const auto count = static_cast<std::int64_t>(scales->size());
    const auto along = static_cast<std::size_t>(slot.channelAxis);
    int axis = slot.channelAxis;
    if (along < slot.shape.size() && slot.shape[along] != count && slot.shape.size() > 1)
        axis = slot.shape[1] == count ? 1 : slot.shape[0] == count ? 0 : axis; // transposed convolutions have either
    Quantizer q;
    q.rule = CodeRule::ReciprocalRoundAdd;
    q.scale = perChannel(slot, axis, *scales);
    q.zeroPoint = perChannel(slot, axis, *zeros);
    q.origin["scale"] = {Origin::Read, keyName(work, "scale")};
    q.origin["zero_point"] = {Origin::Read, keyName(work, "zero_point")};
    q.origin["rounding"] = {Origin::Computed, "torch rounds half to even"};
    return q;
}

bool hasSeenNothing(const std::vector<float> &minimum, const std::vector<float> &maximum)
{
    return minimum.empty() || maximum.empty()
        || std::ranges::all_of(minimum, [](float v) { return std::isinf(v) && v > 0; });
}

/// The buffer beside its scale that switches a fake quantizer; null where there is none.
const TensorInfo *switchOf(const SlotWork &work)
{
    const std::string scale = keyName(work, "scale");
    const auto found = work.facts.file->find(scale.substr(0, scale.rfind('.') + 1) + "fake_quant_enabled");
    return found ? &work.facts.file->tensors[*found] : nullptr;
}

bool isSwitchedOff(const SlotWork &work)
{
    const TensorInfo *enabled = work.keys()->fields.contains("scale") ? switchOf(work) : nullptr;
    return enabled != nullptr && enabled->count() == 1 && enabled->readable() && readFloats(*enabled)[0] == 0;
}

/// Before PyTorch 1.12 a fake quantizer clamped to limits of its own, 0 to 255 by default, whatever range its observer
/// made the scale for: reduce_range halved that one alone. The fused ones, whose switches are int64, have one range.
bool mayClampWider(const SlotWork &work, const AoRange &range)
{
    constexpr int kHalved = 7;
    if (range.bits != kHalved || work.slot.slot == Slot::Weight)
        return false;
    const TensorInfo *enabled = switchOf(work);
    return enabled == nullptr || enabled->dtype != DType::Int64;
}

/// A fake quantizer that learns its scale needs no observer.
bool learnsScale(const SlotWork &work)
{
    const std::string scale = keyName(work, "scale");
    const std::string owner = scale.substr(0, scale.rfind('.') + 1);
    return work.facts.file->find(owner + "learning_enabled").has_value();
}

/// The range is what turns the observer's bounds into the stored scale.
void findRange(SlotWork &work, Quantizer &q)
{
    const auto minimum = work.stored("min_val"), maximum = work.stored("max_val"), epsilon = work.stored("eps");
    if (minimum && maximum && hasSeenNothing(*minimum, *maximum))
        return learnsScale(work)
            ? work.warn(kRangeUnknown.data(), "it learned its scale and keeps no range: its bit width is not known")
            : work.warn(kNeverCalibrated, "its observer has seen nothing, so that its scale means nothing");
    std::optional<AoRange> range;
    if (minimum && maximum)
        range = rangeOf({*minimum, *maximum, q.scale->values, *work.stored("zero_point"),
            epsilon && !epsilon->empty() ? epsilon->front() : 0x1p-23f, work.slot.slot == Slot::Weight});
    if (range) {
        const bool certain = !range->eitherSign && !range->eitherEnd;
        setRange(q, *range,
            {Origin::Computed,
                fmt::format("{} range that gives this scale and zero point from min_val and max_val",
                    certain ? "the one" : "a")});
        if (range->eitherSign)
            for (const char *field : {"bit_width", "signed"})
                work.markAssumed(q, field,
                    fmt::format("a range of the other sign gives the same scale: that torch.ao quantizes {}",
                        range->isSigned ? "weights signed" : "activations unsigned"));
        if (mayClampWider(work, *range))
            work.markAssumed(q, "bit_width",
                "before PyTorch 1.12 codes of a halved range were clamped to 8 bits all the same: that they end with "
                "it");
        if (range->eitherEnd)
            work.markAssumed(q, "narrow", "narrow range gives the same scale: that the lowest code is in the range");
    } else if (learnsScale(work))
        work.warn(kRangeUnknown.data(),
            "it learned its scale, so that no range gives it from min_val and max_val, and keeps none: its bit width "
            "is not known");
    else
        work.warn(kRangeUnknown.data(),
            "its fake quantizer keeps a scale and a zero point but not its range, and no one range of 1 to 8 or 16 "
            "bits gives them from min_val and max_val: its bit width is not known");
}

/// A state_dict does not keep the type of what a quantized operator writes; its zero point is one of its codes.
void setOutputType(SlotWork &work, Quantizer &q)
{
    const auto [low, high] = std::ranges::minmax(q.zeroPoint->values);
    const bool belowUnsigned = low<0, aboveSigned = high> 127;
    if ((belowUnsigned && (low < -128 || aboveSigned)) || high > 255)
        return work.warn(kRangeUnknown.data(), "its zero point is none of 8 bits, so that its type is not known");
    const Provenance type{Origin::Computed, "torch.ao's quantized operators write 8 bits"};
    if (!belowUnsigned && !aboveSigned) {
        setRange(q, {8, false, false}, type);
        for (const char *field : {"bit_width", "signed"})
            work.markAssumed(q, field,
                "its zero point is one of qint8 too: that it is quint8, as torch.ao's default observers give it,");
        return;
    }
    setRange(q, {8, belowUnsigned, false}, type);
    q.origin["signed"] = {Origin::Computed,
        fmt::format("a zero point of {} is none of {}", shortest(belowUnsigned ? low : high),
            belowUnsigned ? "quint8" : "qint8")};
}

/// Reference models of FX keep the type of a weight's codes.
bool setWeightType(SlotWork &work, Quantizer &q)
{
    const std::string scale = keyName(work, "scale");
    const std::string owner = scale.substr(0, scale.size() - std::min(scale.size(), std::string_view("scale").size()));
    const auto found = work.facts.file->metadata.find(owner + "dtype");
    if (!owner.ends_with("weight_") || found == work.facts.file->metadata.end())
        return false;
    if (found->second != "qint8" && found->second != "quint8")
        return false;
    setRange(q, {8, found->second == "qint8", false}, {Origin::Read, found->first});
    return true;
}

/// Its codes rest on an epsilon that the file does not hold.
bool hasFusedBatchNorm(const SlotWork &work)
{
    const StateLayer *state = work.facts.dict.layer(work.layer().name);
    return work.slot.slot == Slot::Weight && state != nullptr && state->weightFrom
        && state->weightFrom->rule == Reparametrization::Rule::BatchNormed;
}

} // namespace

void resolveTorchAo(SlotWork &work)
{
    const auto &fields = work.keys()->fields;
    if (isSwitchedOff(work))
        return work.warn(
            kSwitchedOff.data(), "its fake quantizer is switched off in this file (fake_quant_enabled is 0)");
    Quantizer q = readAffine(work);
    work.slot.formula = fmt::format("scale = {}, zero point = {}: stored", shortest(q.scale->values.front()),
        shortest(q.zeroPoint->values.front()));
    if (fields.contains("min_val")) {
        findRange(work, q);
    } else if (work.slot.slot == Slot::Weight) {
        if (!setWeightType(work, q))
            work.warn(kRangeUnknown.data(), "its fake quantizer keeps no bounds, so that its bit width is not known");
    } else if (q.scale->values == std::vector<float>{1.0f} && q.zeroPoint->values == std::vector<float>{0.0f}) {
        return work.warn(kNeverCalibrated,
            "scale 1 and zero point 0 are what torch.ao writes for an output that is quantized at run time, or that "
            "was "
            "never calibrated");
    } else {
        setOutputType(work, q);
    }
    work.slot.quantizer = std::move(q);
    work.slot.assumed = work.slot.assumed || hasFusedBatchNorm(work);
}

} // namespace quantscope
