#include "dialects/brevitas/resolver.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kWidestCode = 62; ///< codes and their limits are int64

bool isAssumed(const SlotQuantizer &slot)
{
    const auto origin = slot.quantizer->origin.find("scale");
    return slot.assumed || (origin != slot.quantizer->origin.end() && origin->second.origin == Origin::Assumed);
}

bool isTransposed(const SlotQuantizer &weight) { return weight.channelAxis == 1 && weight.shape.size() > 2; }

/// What the accumulator of a convolution hangs on, no state_dict tells and no [[layer]] says; empty otherwise.
std::string assumedGeometry(const Recipe &recipe, const std::string &layer, const SlotQuantizer &weight, int version)
{
    const bool transposed = isTransposed(weight);
    if (weight.shape.size() <= 2 || (!transposed && version >= 100))
        return {};
    const bool said = std::ranges::any_of(recipe.layers, [&](const RecipeLayer &entry) {
        return globMatch(entry.match, layer) && (transposed ? entry.stride : entry.groups).has_value();
    });
    return said ? std::string() : transposed ? "stride = 1" : "groups = 1";
}

} // namespace

std::optional<Resolver::InputQuantizer> Resolver::inputOf(Job &job, bool needsScale)
{
    const SlotSettings &settings = job.settings;
    InputQuantizer out;
    if (!isScale(settings.inputScale.value_or(1)) || !isBitWidth(settings.inputBitWidth.value_or(8)))
        throw SlotFailure{"input-unknown", "input_scale or input_bit_width is not a number that it can be"};
    if (settings.inputScale || (!needsScale && settings.inputBitWidth)) {
        out.scale = static_cast<float>(settings.inputScale.value_or(0));
        out.bits = static_cast<int>(settings.inputBitWidth.value_or(0));
        out.isSigned = settings.inputSigned.value_or(true);
        out.from = "given in the recipe";
        return out;
    }
    std::optional<std::size_t> source;
    if (!settings.input.empty()) {
        source = namedJob(settings.input, {Slot::Act, Slot::Output}, "input");
        if (const Slot kind = presetSlot(slotOf(m_jobs[*source]).slot); kind == Slot::Weight || kind == Slot::Bias)
            throw RecipeMismatch(fmt::format("input = \"{}\" is a {}, which no layer reads", settings.input, kind));
    } else
        source = findJob(layerOf(job).name, Slot::Input);
    if (!source)
        source = gateInput(job);
    if (!source)
        if (const auto fed = m_feeds.find(layerOf(job).name); fed != m_feeds.end())
            source = findJob(fed->second, Slot::Act) ? findJob(fed->second, Slot::Act)
                                                     : findJob(fed->second, Slot::Output);
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
    out.bits = producer.quantizer->bitWidth.value_or(0);
    out.isSigned = producer.quantizer->isSigned.value_or(true);
    out.from = layerOf(m_jobs[*source]).name;
    out.assumed = isAssumed(producer);
    return out;
}

/// A gate's bias belongs to `..._gate_params`, its weight to `..._gate_params.input_weight`.
std::optional<std::size_t> Resolver::weightJobOf(const Job &bias)
{
    const std::string &layer = layerOf(bias).name;
    if (const auto own = findJob(layer, Slot::Weight))
        return own;
    return findJob(layer + ".input_weight", Slot::Weight);
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
    quantizer.origin["scale"] = {Origin::Computed, fmt::format("weight scale times input scale ({})", input->from)};
    if (job.spec->bits == 0) {
        accumulatorWidth(job, quantizer, *weight, *input);
        if (const std::string geometry = assumedGeometry(m_network.recipe, layerOf(job).name, *weight, m_version);
            !geometry.empty())
            markAssumed(job, quantizer, "bit_width", geometry);
    }
    const std::string assumed = isAssumed(*weight) ? "the weight's quantizer" : input->assumed ? "that input" : "";
    if (assumed.empty())
        return;
    markAssumed(job, quantizer, "scale", assumed);
    if (job.spec->bits == 0)
        markAssumed(job, quantizer, "bit_width", assumed);
}

void Resolver::accumulatorWidth(
    const Job &job, Quantizer &quantizer, const SlotQuantizer &weight, const InputQuantizer &input)
{
    if (input.bits == 0)
        throw SlotFailure{
            "input-unknown", "the width of IntBias follows from the input's bit width: give input_bit_width"};
    const float bits = accumulatorBits(m_network.layers[job.layer], weight, input.bits);
    if (!(bits >= 1 && bits <= kWidestCode))
        throw SlotFailure{"bit-width",
            fmt::format("the accumulator of this layer would need {} bits, which is not between 1 and {}",
                shortest(bits), kWidestCode)};
    quantizer.bitWidth = static_cast<int>(bits);
    quantizer.origin["bit_width"] = {Origin::Computed, "width of the accumulator"};
}

/// ceil(log2((2^Nin - 1) * W * K)) in float32: W the number of weight codes less one, K the products summed per output
/// (Brevitas' max_acc_bit_width, up to 0.10; before 0.10 it takes a convolution's output channels for its inputs).
float Resolver::accumulatorBits(const Layer &layer, const SlotQuantizer &weight, int inputBits) const
{
    const Quantizer &q = *weight.quantizer;
    const float codes = std::ldexp(1.0f, q.bitWidth.value_or(q.wordBits())) - (q.narrow.value_or(false) ? 2.0f : 1.0f);
    const Shape &shape = weight.shape;
    const bool transposed = isTransposed(weight);
    double kernel = 1;
    for (std::size_t i = 2; i < shape.size(); ++i) {
        const auto size = static_cast<double>(shape[i]);
        kernel *= transposed ? std::max(std::nearbyint(size / layer.stride), 1.0) : size;
    }
    double channels = shape.size() > 1 ? static_cast<double>(shape[1]) : 1.0;
    if (m_version < 100 && shape.size() > 2 && !transposed)
        channels = std::floor(static_cast<double>(shape[0]) / layer.groups);
    const float products = (std::ldexp(1.0f, inputBits) - 1) * codes * static_cast<float>(kernel);
    return std::ceil(log2Float32(products * static_cast<float>(channels)));
}

} // namespace quantscope
