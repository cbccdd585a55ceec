#include "dialects/brevitas/resolver.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

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

Granular Resolver::perChannel(const SlotQuantizer &slot, int axis, std::vector<float> values) const
{
    if (values.size() == 1)
        return {{}, {}, std::move(values)};
    const auto at = static_cast<std::size_t>(axis);
    if (axis < 0 || at >= slot.shape.size() || slot.shape[at] != static_cast<std::int64_t>(values.size()))
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

bool Resolver::knowsChannelAxis(const Job &job) const
{
    const Layer &layer = m_network.layers[job.layer];
    const auto state = m_states.find(layer.name);
    return !layer.kindAssumed || layer.slots[job.slot].shape.size() < 3
        || (state != m_states.end() && storedChannelAxis(*state->second, *m_network.file));
}

/// Nothing but a scale's shape tells a transposed convolution, whose output channels lie along axis 1.
void Resolver::markAssumedAxis(Job &job, Quantizer &quantizer)
{
    SlotQuantizer &slot = slotOf(job);
    const bool overChannels = job.spec
        && (job.spec->statistic == Statistic::MeanOfChannelMax
            || job.spec->statistic == Statistic::RootMeanSquareOfChannelMax);
    const bool channels = quantizer.scale->values.size() > 1
        || (quantizer.divisor && quantizer.divisor->values.size() > 1)
        || (overChannels && (job.spec->source == ScaleSource::Stats || job.spec->special == Special::Decoupled));
    if (!channels || slot.slot != Slot::Weight || knowsChannelAxis(job))
        return;
    quantizer.origin["scale"] = {Origin::Assumed,
        fmt::format("{}, per channel along axis {}; a transposed convolution would use axis {}: [[layer]] kind or an "
                    "export beside the file settles it",
            quantizer.origin["scale"].detail, slot.channelAxis, 1 - slot.channelAxis)};
    slot.assumed = true;
}

void Resolver::markAssumed(Job &job, Quantizer &quantizer, const char *field, const std::string &from)
{
    Provenance &origin = quantizer.origin[field];
    origin
        = {Origin::Assumed, fmt::format("{}{}{} is assumed", origin.detail, origin.detail.empty() ? "" : "; ", from)};
    slotOf(job).assumed = true;
}

std::vector<StatisticInput> Resolver::statisticInputs(const Job &job) const
{
    const Job &owner = job.owner ? m_jobs[*job.owner] : job;
    std::vector<StatisticInput> inputs;
    const auto add = [&](const Job &member) {
        const SlotQuantizer &slot = m_network.layers[member.layer].slots[member.slot];
        if (slot.tensor)
            inputs.push_back({slot.tensor.get(), slot.channelAxis});
    };
    add(owner);
    for (const std::size_t sharer : owner.sharers)
        add(m_jobs[sharer]);
    return inputs;
}

/// Brevitas concatenates along the other axes, so that all must have the same output channels.
std::vector<StatisticInput> Resolver::sharedInputs(const Job &job, bool channels) const
{
    std::vector<StatisticInput> inputs = statisticInputs(job);
    std::optional<std::int64_t> count;
    for (const StatisticInput &input : inputs) {
        const auto axis = static_cast<std::size_t>(input.channelAxis);
        if (!channels || axis >= input.tensor->shape.size())
            continue;
        const std::int64_t here = input.tensor->shape[axis];
        if (count && *count != here)
            throw SlotFailure{"shared-channel-count",
                fmt::format("tensors of {} and {} output channels cannot share scales per channel", *count, here)};
        count = here;
    }
    return inputs;
}

void Resolver::resolveWeight(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    if (!slot.tensor)
        throw SlotFailure{"no-tensor", "there is no weight tensor"};
    if (!isFloating(slot.tensor->dtype))
        throw SlotFailure{"not-float",
            fmt::format("a {} tensor is not a float weight that Brevitas quantizes", dtypeName(slot.tensor->dtype))};
    Provenance bitsOrigin = job.spec->origin["bit_width"];
    const int bits = bitsOf(job, bitsOrigin);
    Quantizer quantizer = startQuantizer(job, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    if (job.spec->special == Special::None || job.spec->special == Special::Decoupled)
        weightScale(job, quantizer, bits);
    else
        normedScale(job, quantizer);
    if (job.spec->special == Special::Decoupled)
        decoupledDivisor(job, quantizer, bits);
    if (quantizer.rounding == Rounding::LearnedRound)
        takeDecisions(job, quantizer);
    markAssumedAxis(job, quantizer);
    slot.quantizer = std::move(quantizer);
}

void Resolver::weightScale(Job &job, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *job.spec;
    SlotQuantizer &slot = slotOf(job);
    if (spec.source == ScaleSource::Stats)
        return statisticScale(job, quantizer, bits);
    if (spec.source == ScaleSource::Constant) {
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}}; // its origin is the spec's
        slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
    } else {
        const auto values = stored(job, "scaling_impl.value");
        if (!values || values->empty())
            throw SlotFailure{"key-missing",
                fmt::format(
                    "{} keeps its scale in the key {}.{}_quant.tensor_quant.scaling_impl.value, which is not in "
                    "the file",
                    slot.preset, layerOf(job).name, slot.slot)};
        std::vector<float> scales(values->size());
        std::transform(
            values->begin(), values->end(), scales.begin(), [&](float v) { return scaleFromStored(v, spec, bits); });
        slot.formula = scaleFormula(spec, bits, values->front(), scales.front());
        quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
        quantizer.origin["scale"] = {Origin::Read, fmt::format("{}_quant.tensor_quant.scaling_impl.value", slot.slot)};
    }
    if (spec.zeroPoint != ZeroPointSource::None)
        weightZeroPoint(job, quantizer, bits, {});
}

/// A binary weight preset clamps its weights to exactly 0.1 at every pass: such a bound is no coincidence.
bool Resolver::assumeBinary(Job &job)
{
    SlotSettings settings = job.settings;
    settings.preset = "SignedBinaryWeightPerTensorConst";
    auto spec = makeSpec(settings, m_version);
    if (!spec || settings.value("bit_width").value_or("1") != "1") // the recipe's keywords are not for two levels
        return false;
    SlotQuantizer &slot = slotOf(job);
    slot.alternatives.insert(slot.alternatives.begin(), std::exchange(slot.preset, settings.preset));
    job.settings = std::move(settings);
    job.spec = std::move(*spec);
    return true;
}

void Resolver::statisticScale(Job &job, Quantizer &quantizer, int bits)
{
    SlotQuantizer &slot = slotOf(job);
    const bool channels = job.spec->perChannel && !job.spec->he && slot.slot == Slot::Weight;
    const WeightStatistic statistic = weightStatistic(sharedInputs(job, channels), *job.spec, channels, m_progress);
    if (slot.assumed && slot.slot == Slot::Weight && !channels && statistic.values[0] == 0.1f && assumeBinary(job)) {
        quantizer = startQuantizer(job, 1);
        for (auto &[field, origin] : quantizer.origin)
            origin = {Origin::Assumed,
                "the largest |w| is exactly 0.1, the bound that SignedBinaryWeightPerTensorConst clamps to"};
        return weightScale(job, quantizer, 1);
    }
    const auto factors = stored(job, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight");
    auto offsets = stored(job, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias");
    if (!offsets)
        offsets = stored(job, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias.value");
    requireAffineKeys(*job.spec, factors || offsets);
    std::vector<float> scales;
    for (std::size_t c = 0; c < statistic.values.size(); ++c) {
        const std::size_t count = statistic.values.size();
        const AffineFactor affine{storedAt(factors, c, count, 1.0f), storedAt(offsets, c, count, 0.0f),
            job.spec->affine && (factors || offsets)};
        scales.push_back(scaleFromStatistic(statistic.values[c], *job.spec, bits, affine));
    }
    slot.formula = scaleFormula(*job.spec, bits, statistic.values.front(), scales.front());
    if (scales.size() > 1)
        slot.formula += fmt::format(" (channel 0 of {})", scales.size());
    const std::size_t sharers = statisticInputs(job).size();
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
    quantizer.origin["scale"] = {Origin::Computed,
        scaleRuleWords(*job.spec) + (sharers > 1 ? fmt::format(", over {} tensors that share it", sharers) : "")};
    if (job.spec->zeroPoint != ZeroPointSource::None)
        weightZeroPoint(job, quantizer, bits, statistic.minimum);
}

void Resolver::weightZeroPoint(Job &job, Quantizer &quantizer, int bits, const std::vector<float> &minimum)
{
    std::vector<float> lows = minimum;
    const bool isStored
        = job.spec->zeroPoint == ZeroPointSource::Stored || job.spec->zeroPoint == ZeroPointSource::StoredUnrounded;
    if (job.spec->rounding == Rounding::LearnedRound
        && (job.spec->zeroPoint == ZeroPointSource::Stored || job.spec->zeroPoint == ZeroPointSource::Stats))
        throw SlotFailure{"zero-point-learned-rounding",
            "Brevitas rounds the zero point by the learned decision of every weight, so that it is not one number"};
    if (isStored) {
        const auto values = stored(job, "zero_point_impl.value");
        if (!values || values->empty())
            throw SlotFailure{"key-missing",
                fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                    slotOf(job).preset)};
        lows = *values;
    } else if (lows.empty()) {
        // Other statistics than max - min do not tell the minimum on the way.
        QuantizerSpec range = *job.spec;
        range.statistic = Statistic::MinMax;
        const bool channels = range.perChannel && slotOf(job).slot == Slot::Weight;
        lows = weightStatistic(sharedInputs(job, channels), range, channels, m_progress).minimum;
    }
    const auto &scales = quantizer.scale->values;
    if (lows.size() != scales.size() && lows.size() != 1 && scales.size() != 1)
        throw SlotFailure{
            "zero-point-count", fmt::format("{} zero points do not fit {} scales", lows.size(), scales.size())};
    std::vector<float> zeros;
    for (std::size_t c = 0; c < std::max(lows.size(), scales.size()); ++c)
        zeros.push_back(
            zeroPointFromMinimum(lows[lows.size() == 1 ? 0 : c], scales[scales.size() == 1 ? 0 : c], *job.spec, bits));
    quantizer.zeroPoint = perChannel(slotOf(job), slotOf(job).channelAxis, std::move(zeros));
    quantizer.origin["zero_point"] = isStored ? Provenance{Origin::Read, "zero_point_impl.value"}
                                              : Provenance{Origin::Computed, "round(-min / scale), min at most 0"};
}

/// Decoupled quantizers divide by a pre-scale that follows from the weights and multiply by the stored scale.
void Resolver::decoupledDivisor(Job &job, Quantizer &quantizer, int bits)
{
    QuantizerSpec spec = *job.spec;
    spec.source = ScaleSource::Stats;
    const bool channels = spec.perChannel && spec.statistic == Statistic::AbsMax;
    const WeightStatistic statistic = weightStatistic(sharedInputs(job, channels), spec, channels, m_progress);
    std::vector<float> divisors(statistic.values.size());
    std::transform(statistic.values.begin(), statistic.values.end(), divisors.begin(),
        [&](float s) { return preScaleFromStatistic(s, spec, bits); });
    slotOf(job).formula += fmt::format(
        "\ncode = clamp(round(w / {})): a pre-scale of its own ({})", shortest(divisors.front()), scaleRuleWords(spec));
    quantizer.divisor = perChannel(slotOf(job), slotOf(job).channelAxis, std::move(divisors));
}

/// What the L1 norm of a channel may be so that no accumulator overflows.
float Resolver::accumulatorBound(const Job &job, const std::optional<InputQuantizer> &input)
{
    if (!input || input->bits == 0)
        throw SlotFailure{"input-unknown",
            "its codes depend on the bit width and sign of the layer's input: give input, or input_bit_width and "
            "input_signed"};
    const double p = storedScalar(job, "pre_scaling_impl.accumulator_bit_width.bit_width")
                         .value_or(static_cast<float>(job.spec->accumulatorBits.value_or(32)));
    const double n = input->bits;
    const auto bound = static_cast<float>(job.spec->special == Special::AccumulatorAwareZeroCenter
            ? (std::exp2(p) - 2) / (std::exp2(n) - 1)
            : (std::exp2(p - 1) - 1) * std::exp2((input->isSigned ? 1 : 0) - n));
    m_network.layers[job.layer].slots[job.slot].formula
        = fmt::format("accumulator of {} bits, input {} of {} bits: L1 bound {}\n", p, input->from, n, shortest(bound));
    return bound;
}

/// Weight-normalised and accumulator-aware quantizers (Brevitas 0.9 on): per channel s = 2^a, g = 2^v, and the divisor
/// follows from the channel's norm.
void Resolver::normedScale(Job &job, Quantizer &quantizer)
{
    const QuantizerSpec &spec = *job.spec;
    SlotQuantizer &slot = slotOf(job);
    const auto a = stored(job, "scaling_impl.value");
    const auto v = stored(job, "pre_scaling_impl.value");
    if (!a || !v || a->empty() || a->size() != v->size())
        throw SlotFailure{"key-missing",
            fmt::format(
                "{} keeps scaling_impl.value and pre_scaling_impl.value, which are not in the file", slot.preset)};
    const bool weightNorm = spec.special == Special::WeightNorm;
    const bool centred = spec.special == Special::AccumulatorAwareZeroCenter;
    const auto exp2 = [](float x) { return static_cast<float>(std::exp2(static_cast<double>(x))); };
    const auto atLeast = [](float x) { return std::fabs(x < 1e-10f ? 1e-10f : x); };
    const bool linearScale = spec.version < 100;
    const bool linearNorm = (spec.version >= 110 && spec.version < 120) || (spec.version >= 120 && weightNorm);
    float bound = 0;
    std::optional<InputQuantizer> input;
    if (!weightNorm) {
        input = inputOf(job, false);
        bound = accumulatorBound(job, input);
    }
    const int axis = slot.channelAxis;
    const ChannelNorms norms = channelNorms({slot.tensor.get(), axis},
        weightNorm    ? ChannelNorm::L2
            : centred ? ChannelNorm::CenteredL1
                      : ChannelNorm::L1);
    if (norms.norm.size() != a->size())
        throw SlotFailure{
            "scale-count", fmt::format("{} stored scales do not fit {} output channels", a->size(), norms.norm.size())};
    std::vector<float> scales, divisors, shifts;
    for (std::size_t c = 0; c < a->size(); ++c) {
        const float s = atLeast(linearScale ? (*a)[c] : exp2((*a)[c]));
        const float g = atLeast(linearNorm ? (*v)[c] : exp2((*v)[c]));
        const float divisor
            = weightNorm ? s * norms.norm[c] / g : std::max(norms.norm[c] / std::min(g / s, bound), 1e-10f);
        scales.push_back(s);
        divisors.push_back(divisor);
        if (centred)
            shifts.push_back(-norms.mean[c] / divisor);
    }
    slot.formula += fmt::format("scale = {} (channel 0 of {}); code = clamp(round(w / {}))", shortest(scales[0]),
        scales.size(), shortest(divisors[0]));
    quantizer.scale = perChannel(slot, axis, std::move(scales));
    quantizer.divisor = perChannel(slot, axis, std::move(divisors));
    if (centred)
        quantizer.shift = perChannel(slot, axis, std::move(shifts));
    quantizer.origin["scale"] = {Origin::Read, "weight_quant.tensor_quant.scaling_impl.value"};
    if (input && input->assumed)
        markAssumed(job, quantizer, "scale", fmt::format("the input ({}) that bounds its accumulator", input->from));
}

/// A tensor that torch itself stored quantized: everything is read.
void Resolver::resolveStoredInteger(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    const StoredAffine &affine = *slot.tensor->affine;
    const auto toFloat = [](const std::vector<double> &list) { return std::vector<float>(list.begin(), list.end()); };
    Quantizer q;
    q.rule = CodeRule::Stored;
    q.bitWidth = static_cast<int>(dtypeBits(slot.tensor->dtype));
    q.isSigned = isSigned(slot.tensor->dtype);
    q.narrow = false;
    q.scale = perChannel(slot, affine.axis.value_or(0), toFloat(affine.scales));
    q.zeroPoint = perChannel(slot, affine.axis.value_or(0), toFloat(affine.zeroPoints));
    for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Read, fmt::format("the {} tensor's own parameters", dtypeName(slot.tensor->dtype))};
    slot.quantizer = std::move(q);
}

} // namespace quantscope
