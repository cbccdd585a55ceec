#include "dialects/brevitas/bias_rules.h"

#include "base/text.h"
#include "dialects/brevitas/bit_width_rules.h"
#include "dialects/brevitas/input_rules.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/weight_rules.h"
#include "quant/fixed_point.h"
#include "recipe/layer_match.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kWidestCode = 62; ///< codes and their limits are int64

bool isTransposed(const SlotQuantizer &weight) { return weight.channelAxis == 1 && weight.shape.size() > 2; }

/// What the accumulator of a convolution hangs on, no state_dict tells and no [[layer]] says; empty otherwise.
std::string assumedGeometry(const BrevitasFacts &facts, const std::string &layer, const SlotQuantizer &weight)
{
    const bool transposed = isTransposed(weight);
    if (weight.shape.size() <= 2 || (!transposed && facts.version >= 100))
        return {};
    const bool said = std::ranges::any_of(facts.recipe.layers, [&](const RecipeLayer &entry) {
        return matchesLayer(entry.match, layer) && (transposed ? entry.stride : entry.groups).has_value();
    });
    return said ? std::string() : transposed ? "stride = 1" : "groups = 1";
}

/// ceil(log2((2^Nin - 1) * W * K)) in float32: W the number of weight codes less one, K the products summed per output
/// (Brevitas' max_acc_bit_width, up to 0.10; before 0.10 it takes a convolution's output channels for its inputs).
float accumulatorBits(const Layer &layer, const SlotQuantizer &weight, int inputBits, int version)
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
    if (version < 100 && shape.size() > 2 && !transposed)
        channels = std::floor(static_cast<double>(shape[0]) / layer.groups);
    const float products = (std::ldexp(1.0f, inputBits) - 1) * codes * static_cast<float>(kernel);
    return std::ceil(log2Float32(products * static_cast<float>(channels)));
}

void setAccumulatorWidth(
    const SlotWork &work, Quantizer &quantizer, const SlotQuantizer &weight, const InputQuantizer &input)
{
    if (input.bits == 0)
        throw SlotFailure{
            "input-unknown", "the width of IntBias follows from the input's bit width: give input_bit_width"};
    const float bits = accumulatorBits(work.layer(), weight, input.bits, work.facts.version);
    if (!(bits >= 1 && bits <= kWidestCode))
        throw SlotFailure{"bit-width",
            fmt::format("the accumulator of this layer would need {} bits, which is not between 1 and {}",
                shortest(bits), kWidestCode)};
    quantizer.bitWidth = static_cast<int>(bits);
    quantizer.origin["bit_width"] = {Origin::Computed, "width of the accumulator"};
}

const SlotQuantizer &knownWeight(const SlotWork &work)
{
    const auto index = weightOfBias(work.facts, work.index);
    const SlotQuantizer *weight = index ? &work.context.quantizerOf(*index) : nullptr;
    if (weight == nullptr || !weight->quantizer || !weight->quantizer->scale)
        throw SlotFailure{"weight-unknown",
            "its scale is the weight's scale times the input's, and the weight's quantizer is not known"};
    return *weight;
}

/// The weight's scale times the input's, and the words for it.
void setProductScale(
    SlotWork &work, Quantizer &quantizer, const std::vector<float> &weightScales, const InputQuantizer &input)
{
    std::vector<float> scales = weightScales;
    for (float &scale : scales)
        scale = scale * input.scale;
    work.slot.formula = fmt::format("scale = weight scale * input scale = {} * {} = {}{}", powerText(weightScales[0]),
        powerText(input.scale), powerText(scales[0]),
        scales.size() > 1 ? fmt::format(" (channel 0 of {})", scales.size()) : "");
    if (scales.size() > 1 && scales.size() != work.slot.tensor->count())
        throw SlotFailure{"scale-count",
            fmt::format("{} weight scales do not fit {} bias elements", scales.size(), work.slot.tensor->count())};
    quantizer.scale = perChannel(work.slot, 0, std::move(scales));
    quantizer.origin["scale"] = {Origin::Computed, fmt::format("weight scale times input scale ({})", input.from)};
}

void setExternalScale(SlotWork &work, Quantizer &quantizer)
{
    const SlotQuantizer &weight = knownWeight(work);
    const auto input = inputOf(work, true);
    if (!input)
        throw SlotFailure{"input-unknown",
            "its scale is the weight's scale times the input's, and nothing says which quantizer feeds this layer: "
            "give input = \"LAYER\" in the recipe"};
    setProductScale(work, quantizer, weight.quantizer->scale->values, *input);
    const bool computedWidth = work.spec->bits == 0;
    if (computedWidth) {
        setAccumulatorWidth(work, quantizer, weight, *input);
        if (const std::string geometry = assumedGeometry(work.facts, work.layer().name, weight); !geometry.empty())
            work.markAssumed(quantizer, "bit_width", geometry);
    }
    const std::string assumed = hasAssumedScale(weight) ? "the weight's quantizer" : input->assumed ? "that input" : "";
    if (!assumed.empty()) {
        work.markAssumed(quantizer, "scale", assumed);
        if (computedWidth)
            work.markAssumed(quantizer, "bit_width", assumed);
    }
    work.restsOnMean = dependsOnOrderOfAddition(*weight.quantizer);
}

} // namespace

/// A gate's bias belongs to `..._gate_params`, its weight to `..._gate_params.input_weight`.
std::optional<SlotIndex> weightOfBias(const BrevitasFacts &facts, SlotIndex bias)
{
    const std::string &layer = facts.layerOf(bias).name;
    if (const auto own = facts.find(layer, Slot::Weight))
        return own;
    return facts.find(layer + ".input_weight", Slot::Weight);
}

void resolveBias(SlotWork &work)
{
    SlotQuantizer &slot = work.slot;
    if (!slot.tensor)
        throw SlotFailure{"no-tensor", "there is no bias tensor"};
    if (work.spec->source == ScaleSource::WeightTimesInput) {
        Quantizer quantizer = startQuantizer(*work.spec, work.spec->bits);
        if (work.spec->bits == 0)
            quantizer.bitWidth = std::nullopt;
        // What the preset says is known even when the scale is not.
        slot.quantizer = quantizer;
        setExternalScale(work, quantizer);
        slot.quantizer = std::move(quantizer);
        return;
    }
    Provenance bitsOrigin = work.spec->origin["bit_width"];
    const int bits = bitWidthOf(work, bitsOrigin);
    Quantizer quantizer = startQuantizer(*work.spec, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    setTensorScale(work, quantizer, bits);
    work.restsOnMean = restsOnMean(*work.spec);
    slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
