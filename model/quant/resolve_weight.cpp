#include "quant/resolver.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

Granular Resolver::perChannel(const SlotQuantizer &slot, int axis, std::vector<float> values) const
{
    if (values.size() == 1)
        return {{}, {}, std::move(values)};
    Granular out;
    out.shape.assign(slot.shape.size(), 1);
    out.shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(values.size());
    out.axis = axis;
    out.values = std::move(values);
    return out;
}

std::vector<StatisticInput> Resolver::statisticInputs(const Job &job) const
{
    if (m_alone) {
        const Layer &layer = m_network.layers[job.layer];
        return {{layer.slots[job.slot].tensor.get(), layer.slots[job.slot].channelAxis}};
    }
    const std::size_t owner = job.owner ? *job.owner : static_cast<std::size_t>(&job - m_jobs.data());
    std::vector<std::size_t> members = {owner};
    members.insert(members.end(), m_jobs[owner].sharers.begin(), m_jobs[owner].sharers.end());
    std::vector<StatisticInput> inputs;
    for (const std::size_t member : members) {
        const Layer &layer = m_network.layers[m_jobs[member].layer];
        const SlotQuantizer &slot = layer.slots[m_jobs[member].slot];
        if (slot.tensor)
            inputs.push_back({slot.tensor.get(), slot.channelAxis});
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
    if (quantizer.rounding == Rounding::LearnedRound) {
        const StateQuantizer *keys = keysOf(job);
        const auto found = keys == nullptr ? decltype(keys->fields.end()){}
                                           : keys->fields.find(std::string_view("int_quant.float_to_int_impl.value"));
        if (keys == nullptr || found == keys->fields.end())
            throw SlotFailure{"learned-rounding-missing",
                "the key int_quant.float_to_int_impl.value with the learned decisions is not in the file"};
        quantizer.learnedRounding = {m_network.file, &m_network.file->tensors[found->second]};
        if (quantizer.learnedRounding->shape != slot.shape)
            throw SlotFailure{"learned-rounding-shape", "the learned decisions do not have the weight's shape"};
    }
    slot.quantizer = std::move(quantizer);
}

void Resolver::weightScale(Job &job, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *job.spec;
    SlotQuantizer &slot = slotOf(job);
    if (spec.source == ScaleSource::Stats)
        return statisticScale(job, quantizer, bits);
    if (spec.source == ScaleSource::Constant) {
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}};
        quantizer.origin["scale"]
            = {Origin::Preset, fmt::format("constant threshold {}", shortest(spec.constant.value_or(1.0f)))};
        slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
        return;
    }
    Shape shape;
    const auto values = stored(job, "scaling_impl.value", &shape);
    if (!values || values->empty())
        throw SlotFailure{"key-missing",
            fmt::format("{} keeps its scale in the key {}.weight_quant.tensor_quant.scaling_impl.value, which is not "
                        "in the file",
                slot.preset, layerOf(job).name)};
    std::vector<float> scales(values->size());
    std::transform(
        values->begin(), values->end(), scales.begin(), [&](float v) { return scaleFromStored(v, spec, bits); });
    slot.formula = scaleFormula(spec, bits, values->front(), scales.front());
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
    quantizer.origin["scale"] = {Origin::Read, "weight_quant.tensor_quant.scaling_impl.value"};
    if (spec.zeroPoint != ZeroPointSource::None)
        weightZeroPoint(job, quantizer, bits, {});
}

void Resolver::statisticScale(Job &job, Quantizer &quantizer, int bits)
{
    SlotQuantizer &slot = slotOf(job);
    const bool channels = job.spec->perChannel && slot.slot == "weight";
    WeightStatistic statistic = weightStatistic(statisticInputs(job), *job.spec, channels, m_progress);
    // A binary weight preset clamps its weights to exactly 0.1 at every pass: such a bound is no coincidence.
    if (slot.assumed && slot.slot == "weight" && !channels && statistic.values[0] == 0.1f) {
        slot.alternatives.insert(
            slot.alternatives.begin(), std::exchange(slot.preset, "SignedBinaryWeightPerTensorConst"));
        job.settings.preset = slot.preset;
        job.spec = *makeSpec(job.settings, m_version);
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
    std::vector<float> scales;
    for (std::size_t c = 0; c < statistic.values.size(); ++c) {
        AffineFactor affine{.present = job.spec->affine && (factors || offsets)};
        const auto at = [&](const auto &list, float otherwise) {
            return list && !list->empty() ? (*list)[list->size() == 1 ? 0 : std::min(c, list->size() - 1)] : otherwise;
        };
        affine.weight = at(factors, 1.0f);
        affine.bias = at(offsets, 0.0f);
        scales.push_back(scaleFromStatistic(statistic.values[c], *job.spec, bits, affine));
    }
    slot.formula = scaleFormula(*job.spec, bits, statistic.values.front(), scales.front());
    if (scales.size() > 1)
        slot.formula += fmt::format(" (channel 0 of {})", scales.size());
    const std::size_t sharers = statisticInputs(job).size();
    quantizer.scale = perChannel(slot, slot.channelAxis, std::move(scales));
    quantizer.origin["scale"] = {Origin::Computed,
        scaleRuleWords(*job.spec) + (sharers > 1 ? fmt::format(", over {} tensors that share it", sharers) : "")};
    if (channels && layerOf(job).kindAssumed && slot.shape.size() >= 3) {
        // Nothing in a state_dict tells a transposed convolution, whose output channels lie along axis 1.
        quantizer.origin["scale"] = {Origin::Assumed,
            fmt::format("{}, per channel along axis 0; a transposed convolution would use axis 1: [[layer]] kind or an "
                        "export beside the file settles it",
                scaleRuleWords(*job.spec))};
        slot.assumed = true;
    }
    if (job.spec->zeroPoint != ZeroPointSource::None)
        weightZeroPoint(job, quantizer, bits, statistic.minimum);
}

void Resolver::weightZeroPoint(Job &job, Quantizer &quantizer, int bits, const std::vector<float> &minimum)
{
    std::vector<float> lows = minimum;
    const bool isStored = job.spec->zeroPoint != ZeroPointSource::Stats;
    if (isStored) {
        const auto values = stored(job, "zero_point_impl.value");
        if (!values || values->empty())
            throw SlotFailure{"key-missing",
                fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                    slotOf(job).preset)};
        lows = *values;
    }
    const auto &scales = quantizer.scale->values;
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
    const WeightStatistic statistic = weightStatistic(statisticInputs(job), spec, channels, m_progress);
    std::vector<float> divisors(statistic.values.size());
    std::transform(statistic.values.begin(), statistic.values.end(), divisors.begin(),
        [&](float s) { return scaleFromStatistic(s, spec, bits); });
    slotOf(job).formula += fmt::format(
        "\ncode = clamp(round(w / {})): a pre-scale of its own ({})", shortest(divisors.front()), scaleRuleWords(spec));
    quantizer.divisor = perChannel(slotOf(job), slotOf(job).channelAxis, std::move(divisors));
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
    if (!weightNorm) {
        const auto input = inputOf(job, false);
        if (!input)
            throw SlotFailure{"input-unknown",
                "its codes depend on the bit width and sign of the layer's input: give input, or input_bit_width and "
                "input_signed"};
        const double p = storedScalar(job, "pre_scaling_impl.accumulator_bit_width.bit_width")
                             .value_or(static_cast<float>(spec.accumulatorBits.value_or(32)));
        const double n = input->bits;
        bound = static_cast<float>(centred ? (std::exp2(p) - 2) / (std::exp2(n) - 1)
                                           : (std::exp2(p - 1) - 1) * std::exp2((input->isSigned ? 1 : 0) - n));
        slot.formula = fmt::format(
            "accumulator of {} bits, input {} of {} bits: L1 bound {}\n", p, input->from, n, shortest(bound));
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
