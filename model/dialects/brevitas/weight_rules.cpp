#include "dialects/brevitas/weight_rules.h"

#include "base/text.h"
#include "dialects/brevitas/bit_width_rules.h"
#include "dialects/brevitas/learned_rounding.h"
#include "dialects/brevitas/normed_rules.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/shared_statistics.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A binary weight preset clamps its weights to exactly 0.1 at every pass: such a bound is no coincidence.
bool assumeBinary(SlotWork &work)
{
    SlotSettings settings = work.settings;
    settings.preset = "SignedBinaryWeightPerTensorConst";
    auto spec = makeSpec(settings, work.facts.version);
    if (!spec || settings.value("bit_width").value_or("1") != "1") // the recipe's keywords are not for two levels
        return false;
    work.slot.alternatives.insert(work.slot.alternatives.begin(), std::exchange(work.slot.preset, settings.preset));
    work.settings = std::move(settings);
    work.spec = std::move(*spec);
    return true;
}

/// The lowest values that a zero point computed from the weights must reach: `minimum` where the statistic told it.
std::vector<float> lowsOf(const SlotWork &work, const std::vector<float> &minimum)
{
    if (!minimum.empty())
        return minimum;
    // Other statistics than max - min do not tell the minimum on the way.
    QuantizerSpec range = *work.spec;
    range.statistic = Statistic::MinMax;
    const bool channels = range.perChannel && work.slot.slot == Slot::Weight;
    return weightStatistic(sharedInputs(work, channels), range, channels, work.context.progress).minimum;
}

void setZeroPoint(SlotWork &work, Quantizer &quantizer, int bits, const std::vector<float> &minimum)
{
    const QuantizerSpec &spec = *work.spec;
    const bool isStored
        = spec.zeroPoint == ZeroPointSource::Stored || spec.zeroPoint == ZeroPointSource::StoredUnrounded;
    if (spec.rounding == Rounding::LearnedRound
        && (spec.zeroPoint == ZeroPointSource::Stored || spec.zeroPoint == ZeroPointSource::Stats))
        throw SlotFailure{"zero-point-learned-rounding",
            "Brevitas rounds the zero point by the learned decision of every weight, so that it is not one number"};
    std::vector<float> lows;
    if (isStored) {
        const auto values = work.stored("zero_point_impl.value");
        if (!values || values->empty())
            throw SlotFailure{"key-missing",
                fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                    work.slot.preset)};
        lows = *values;
    } else {
        lows = lowsOf(work, minimum);
    }
    const auto &scales = quantizer.scale->values;
    if (lows.size() != scales.size() && lows.size() != 1 && scales.size() != 1)
        throw SlotFailure{
            "zero-point-count", fmt::format("{} zero points do not fit {} scales", lows.size(), scales.size())};
    std::vector<float> zeros;
    for (std::size_t c = 0; c < std::max(lows.size(), scales.size()); ++c)
        zeros.push_back(
            zeroPointFromMinimum(lows[lows.size() == 1 ? 0 : c], scales[scales.size() == 1 ? 0 : c], spec, bits));
    quantizer.zeroPoint = perChannel(work.slot, work.slot.channelAxis, std::move(zeros));
    quantizer.origin["zero_point"] = isStored ? Provenance{Origin::Read, "zero_point_impl.value"}
                                              : Provenance{Origin::Computed, "round(-min / scale), min at most 0"};
}

std::vector<float> scalesOf(const SlotWork &work, const WeightStatistic &statistic, int bits)
{
    const QuantizerSpec &spec = *work.spec;
    const auto factors = work.stored("scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight");
    auto offsets = work.stored("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias");
    if (!offsets)
        offsets = work.stored("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias.value");
    requireAffineKeys(spec, factors || offsets);
    std::vector<float> scales;
    for (std::size_t c = 0; c < statistic.values.size(); ++c) {
        const std::size_t count = statistic.values.size();
        const AffineFactor affine{
            storedAt(factors, c, count, 1.0f), storedAt(offsets, c, count, 0.0f), spec.affine && (factors || offsets)};
        scales.push_back(scaleFromStatistic(statistic.values[c], spec, bits, affine));
    }
    return scales;
}

/// The owner of a shared quantizer, where its scale is that of all sharers: the statistics are over all their tensors,
/// and are computed once. Null where the scale must be computed for this slot.
const SlotQuantizer *ownerOfScale(const SlotWork &work, int bits)
{
    const ResolvedSlot *owner = work.context.owner;
    const QuantizerSpec &spec = *work.spec;
    const bool hangsOnMore
        = spec.special != Special::None || spec.affine || spec.he || spec.zeroPoint != ZeroPointSource::None;
    if (owner == nullptr || owner->failure || !owner->slot.quantizer || work.slot.slot != Slot::Weight || hangsOnMore)
        return nullptr;
    const Quantizer &known = *owner->slot.quantizer;
    return known.scale && known.bitWidth == bits && known.kind == spec.kind ? &owner->slot : nullptr;
}

void setStatisticScale(SlotWork &work, Quantizer &quantizer, int bits)
{
    SlotQuantizer &slot = work.slot;
    if (const SlotQuantizer *owner = ownerOfScale(work, bits)) {
        slot.formula = owner->formula;
        quantizer.scale = perChannel(slot, slot.channelAxis, owner->quantizer->scale->values);
        quantizer.origin["scale"] = {Origin::Computed,
            fmt::format("{}, over {} tensors that share it", scaleRuleWords(*work.spec),
                1 + work.facts.slots[*work.owner()].sharers.size())};
        return;
    }
    const bool channels = work.spec->perChannel && !work.spec->he && slot.slot == Slot::Weight;
    const std::vector<StatisticInput> inputs = sharedInputs(work, channels);
    const WeightStatistic statistic = weightStatistic(inputs, *work.spec, channels, work.context.progress);
    const bool unsaid = slot.assumed && work.settings.presetEntry == 0;
    if (unsaid && slot.slot == Slot::Weight && !channels && statistic.values[0] == 0.1f && assumeBinary(work)) {
        quantizer = startQuantizer(*work.spec, 1);
        for (auto &[field, origin] : quantizer.origin)
            origin = {Origin::Assumed,
                "the largest |w| is exactly 0.1, the bound that SignedBinaryWeightPerTensorConst clamps to"};
        return setTensorScale(work, quantizer, 1);
    }
    std::vector<float> scales = scalesOf(work, statistic, bits);
    slot.formula = scaleFormula(*work.spec, bits, statistic.values.front(), scales.front());
    if (scales.size() > 1)
        slot.formula += fmt::format(" (channel 0 of {})", scales.size());
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
    quantizer.origin["scale"] = {Origin::Computed,
        scaleRuleWords(*work.spec)
            + (inputs.size() > 1 ? fmt::format(", over {} tensors that share it", inputs.size()) : "")};
    if (work.spec->zeroPoint != ZeroPointSource::None)
        setZeroPoint(work, quantizer, bits, statistic.minimum);
}

void setStoredScale(SlotWork &work, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *work.spec;
    SlotQuantizer &slot = work.slot;
    auto values = work.stored("scaling_impl.value");
    if (!values && work.thresholdOwner())
        values = work.facts.stored(*work.thresholdOwner(), "scaling_impl.value");
    if (!values || values->empty())
        throw SlotFailure{"key-missing",
            fmt::format(
                "{} keeps its scale in the key {}.{}_quant.tensor_quant.scaling_impl.value, which is not in the file",
                slot.preset, work.layer().name, slot.slot)};
    std::vector<float> scales(values->size());
    std::transform(
        values->begin(), values->end(), scales.begin(), [&](float v) { return scaleFromStored(v, spec, bits); });
    slot.formula = scaleFormula(spec, bits, values->front(), scales.front());
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
    quantizer.origin["scale"] = {Origin::Read, work.facts.keyName(work.index, "scaling_impl.value")};
    if (spec.before06)
        work.markAssumed(quantizer, "scale", std::string(kLogBefore06));
}

/// Decoupled quantizers divide by a pre-scale that follows from the weights and multiply by the stored scale.
void setDecoupledDivisor(SlotWork &work, Quantizer &quantizer, int bits)
{
    QuantizerSpec spec = *work.spec;
    spec.source = ScaleSource::Stats;
    const bool channels = spec.perChannel && spec.statistic == Statistic::AbsMax;
    const WeightStatistic statistic
        = weightStatistic(sharedInputs(work, channels), spec, channels, work.context.progress);
    std::vector<float> divisors(statistic.values.size());
    std::transform(statistic.values.begin(), statistic.values.end(), divisors.begin(),
        [&](float s) { return preScaleFromStatistic(s, spec, bits); });
    work.slot.formula += fmt::format(
        "\ncode = clamp(round(w / {})): a pre-scale of its own ({})", shortest(divisors.front()), scaleRuleWords(spec));
    quantizer.divisor = perChannel(work.slot, work.slot.channelAxis, std::move(divisors));
}

} // namespace

void setTensorScale(SlotWork &work, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *work.spec;
    if (spec.source == ScaleSource::Stats)
        return setStatisticScale(work, quantizer, bits);
    if (spec.source == ScaleSource::Constant) {
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}}; // its origin is the spec's
        work.slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
    } else {
        setStoredScale(work, quantizer, bits);
    }
    if (spec.zeroPoint != ZeroPointSource::None)
        setZeroPoint(work, quantizer, bits, {});
}

void resolveWeight(SlotWork &work)
{
    if (!work.slot.tensor)
        throw SlotFailure{"no-tensor", "there is no weight tensor"};
    if (!isFloating(work.slot.tensor->dtype))
        throw SlotFailure{"not-float",
            fmt::format(
                "a {} tensor is not a float weight that Brevitas quantizes", dtypeName(work.slot.tensor->dtype))};
    Provenance bitsOrigin = work.spec->origin["bit_width"];
    const int bits = bitWidthOf(work, bitsOrigin);
    Quantizer quantizer = startQuantizer(*work.spec, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    if (work.spec->special == Special::None || work.spec->special == Special::Decoupled)
        setTensorScale(work, quantizer, bits);
    else
        setNormedScale(work, quantizer);
    if (work.spec->special == Special::Decoupled)
        setDecoupledDivisor(work, quantizer, bits);
    if (quantizer.rounding == Rounding::LearnedRound)
        takeDecisions(work, quantizer);
    markAssumedAxis(work, quantizer);
    const SlotIndex owner = work.thresholdOwner().value_or(work.index);
    work.restsOnMean = restsOnMean(*work.spec, 1 + work.facts.slots[owner].sharers.size());
    work.slot.quantizer = std::move(quantizer);
}

void resolveStoredInteger(SlotWork &work)
{
    const SlotQuantizer &slot = work.slot;
    const StoredAffine &affine = *slot.tensor->affine;
    const auto toFloat = [](const std::vector<double> &list) { return std::vector<float>(list.begin(), list.end()); };
    Quantizer q;
    q.rule = CodeRule::Stored;
    q.bitWidth = static_cast<int>(dtypeBits(slot.tensor->dtype));
    q.isSigned = isSigned(slot.tensor->dtype);
    q.narrow = false;
    q.scale = perChannel(slot, affine.axis.value_or(0), toFloat(affine.scales));
    q.zeroPoint = perChannel(slot, affine.axis.value_or(0), toFloat(affine.zeroPoints));
    for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow"})
        q.origin[field] = {Origin::Read, fmt::format("the {} tensor's own parameters", dtypeName(slot.tensor->dtype))};
    work.slot.quantizer = std::move(q);
}

void markAssumedAxis(SlotWork &work, Quantizer &quantizer)
{
    SlotQuantizer &slot = work.slot;
    const bool overChannels = work.spec
        && (work.spec->statistic == Statistic::MeanOfChannelMax
            || work.spec->statistic == Statistic::RootMeanSquareOfChannelMax);
    const bool channels = quantizer.scale->values.size() > 1
        || (quantizer.divisor && quantizer.divisor->values.size() > 1)
        || (overChannels && (work.spec->source == ScaleSource::Stats || work.spec->special == Special::Decoupled));
    if (!channels || slot.slot != Slot::Weight || work.facts.knowsChannelAxis(work.index))
        return;
    quantizer.origin["scale"] = {Origin::Assumed,
        fmt::format("{}, per channel along axis {}; a transposed convolution would use axis {}: [[layer]] kind or an "
                    "export beside the file settles it",
            quantizer.origin["scale"].detail, slot.channelAxis, 1 - slot.channelAxis)};
    slot.assumed = true;
}

} // namespace quantscope
