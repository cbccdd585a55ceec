#include "quant/resolver.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

std::optional<Resolver::InputQuantizer> Resolver::inputOf(Job &job, bool needsScale)
{
    const SlotSettings &settings = job.settings;
    InputQuantizer out;
    if (settings.inputScale || (!needsScale && settings.inputBitWidth)) {
        out.scale = static_cast<float>(settings.inputScale.value_or(0));
        out.bits = static_cast<int>(settings.inputBitWidth.value_or(0));
        out.isSigned = settings.inputSigned.value_or(true);
        out.from = "given in the recipe";
        return out;
    }
    std::optional<std::size_t> source;
    if (!settings.input.empty())
        source = namedJob(settings.input, {"act", "output"}, "input");
    else
        source = findJob(layerOf(job).name, "input");
    if (!source)
        if (const auto fed = m_feeds.find(layerOf(job).name); fed != m_feeds.end())
            source = findJob(fed->second, "act") ? findJob(fed->second, "act") : findJob(fed->second, "output");
    if (!source)
        return std::nullopt;
    resolve(*source);
    const SlotQuantizer &producer = slotOf(m_jobs[*source]);
    if (!producer.quantizer || !producer.quantizer->scale)
        throw SlotFailure{"input-unknown",
            fmt::format(
                "the quantizer of its input ({} {}) is not known", layerOf(m_jobs[*source]).name, producer.slot)};
    if (producer.quantizer->scale->values.size() != 1)
        throw SlotFailure{"input-per-channel",
            fmt::format("its input ({}) has one scale per channel, which no bias scale can follow",
                layerOf(m_jobs[*source]).name)};
    out.scale = producer.quantizer->scale->values[0];
    out.bits = producer.quantizer->bitWidth.value_or(8);
    out.isSigned = producer.quantizer->isSigned.value_or(true);
    out.from = layerOf(m_jobs[*source]).name;
    const auto origin = producer.quantizer->origin.find("scale");
    out.assumed
        = producer.assumed || (origin != producer.quantizer->origin.end() && origin->second.origin == Origin::Assumed);
    return out;
}

/// A gate's bias belongs to `..._gate_params`, its weight to `..._gate_params.input_weight`.
std::optional<std::size_t> Resolver::weightJobOf(const Job &bias)
{
    const std::string &layer = layerOf(bias).name;
    if (const auto own = findJob(layer, "weight"))
        return own;
    return findJob(layer + ".input_weight", "weight");
}

void Resolver::resolveBias(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    if (!slot.tensor)
        throw SlotFailure{"no-tensor", "there is no bias tensor"};
    if (job.spec->source == ScaleSource::WeightTimesInput) {
        Quantizer quantizer = startQuantizer(job, job.spec->bits);
        if (job.spec->bits == 0)
            quantizer.bitWidth = std::nullopt;
        // What the preset says is known even when the scale is not.
        slot.quantizer = quantizer;
        externalScale(job, quantizer);
        slot.quantizer = std::move(quantizer);
        return;
    }
    Provenance bitsOrigin = job.spec->origin["bit_width"];
    const int bits = bitsOf(job, bitsOrigin);
    Quantizer quantizer = startQuantizer(job, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    weightScale(job, quantizer, bits);
    slot.quantizer = std::move(quantizer);
}

void Resolver::externalScale(Job &job, Quantizer &quantizer)
{
    SlotQuantizer &slot = slotOf(job);
    const auto weightJob = weightJobOf(job);
    if (weightJob)
        resolve(*weightJob);
    const SlotQuantizer *weight = weightJob ? &slotOf(m_jobs[*weightJob]) : nullptr;
    if (weight == nullptr || !weight->quantizer || !weight->quantizer->scale)
        throw SlotFailure{"weight-unknown",
            "its scale is the weight's scale times the input's, and the weight's quantizer is not known"};
    const auto input = inputOf(job, true);
    if (!input)
        throw SlotFailure{"input-unknown",
            "its scale is the weight's scale times the input's, and nothing says which quantizer feeds this layer: "
            "give input = \"LAYER\" in the recipe"};
    std::vector<float> scales = weight->quantizer->scale->values;
    for (float &scale : scales)
        scale = scale * input->scale;
    slot.formula = fmt::format("scale = weight scale * input scale = {} * {} = {}{}",
        powerText(weight->quantizer->scale->values[0]), powerText(input->scale), powerText(scales[0]),
        scales.size() > 1 ? fmt::format(" (channel 0 of {})", scales.size()) : "");
    if (scales.size() > 1 && scales.size() != slot.tensor->count())
        throw SlotFailure{"scale-count",
            fmt::format("{} weight scales do not fit {} bias elements", scales.size(), slot.tensor->count())};
    quantizer.scale = perChannel(slot, 0, std::move(scales));
    quantizer.origin["scale"] = input->assumed
        ? Provenance{Origin::Assumed, fmt::format("weight scale times the assumed scale of {}", input->from)}
        : Provenance{Origin::Computed, fmt::format("weight scale times input scale ({})", input->from)};
    slot.assumed = slot.assumed || input->assumed;
    if (job.spec->bits == 0) {
        if (input->bits == 0)
            throw SlotFailure{
                "input-unknown", "the width of IntBias follows from the input's bit width: give input_bit_width"};
        const QuantizerSpec &weightSpec = *m_jobs[*weightJob].spec;
        quantizer.bitWidth = accumulatorBits(m_jobs[*weightJob], input->bits, weightSpec.narrow);
        quantizer.origin["bit_width"] = {Origin::Computed, "width of the accumulator"};
    }
}

/// ceil(log2((2^Nin - 1) * W * K)): W the number of weight codes less one, K the products summed per output
/// (Brevitas' max_acc_bit_width, up to 0.10).
int Resolver::accumulatorBits(const Job &weightJob, int inputBits, bool narrow)
{
    const Layer &layer = m_network.layers[weightJob.layer];
    const SlotQuantizer &weight = layer.slots[weightJob.slot];
    const int bits = weight.quantizer->bitWidth.value_or(8);
    const double codes = std::exp2(bits) - (narrow ? 2 : 1);
    double products = 1;
    const Shape &shape = weight.shape;
    if (weight.channelAxis == 1 && shape.size() > 2) {
        double kernel = 1;
        for (std::size_t i = 2; i < shape.size(); ++i)
            kernel *= std::max(std::ceil(static_cast<double>(shape[i]) / layer.stride), 1.0);
        products = kernel * static_cast<double>(shape[1]);
    } else {
        for (std::size_t i = 1; i < shape.size(); ++i)
            products *= static_cast<double>(shape[i]);
    }
    return static_cast<int>(std::ceil(std::log2((std::exp2(inputBits) - 1) * codes * products)));
}

} // namespace quantscope
