#include "checks/bias_scale.h"

#include "checks/product_factors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantscope {

namespace {

/// Products that an exporter folded were rounded once more.
bool nearlyEqual(float a, float b)
{
    return std::fabs(a - b) <= 2 * std::numeric_limits<float>::epsilon() * std::fabs(b);
}

const Quantizer *knownQuantizer(const Network &network, const SlotId &id)
{
    const SlotQuantizer *slot = network.slot(id);
    return slot != nullptr && slot->quantizer && slot->quantizer->scale ? &*slot->quantizer : nullptr;
}

BiasScale byNumbers(const CheckFacts &facts, const Layer &layer)
{
    const std::vector<SlotId> inputs = inputQuantizers(facts.arrivals, layer.id);
    bool known = false;
    for (const SlotId &input : inputs)
        if (const Quantizer *quantizer = knownQuantizer(facts.network, input)) {
            known = true;
            if (isProductScale(facts.network, layer, *quantizer))
                return BiasScale::External;
        }
    return known ? BiasScale::Internal : BiasScale::Unknown;
}

} // namespace

bool isProductScale(const Network &network, const Layer &layer, const Quantizer &input)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight), *bias = layer.slot(Slot::Bias);
    if (weight == nullptr || bias == nullptr || !weight->quantizer || !bias->quantizer || !weight->quantizer->scale
        || !bias->quantizer->scale || !input.scale)
        return false;
    const auto &weights = weight->quantizer->scale->values, &biases = bias->quantizer->scale->values;
    const auto &inputs = input.scale->values;
    // The groups of a transposed convolution share the scales of its weight, which has the channels of one.
    const bool isGrouped = layer.kind.find("ConvTranspose") != std::string::npos && layer.groups > 1
        && weights.size() * static_cast<std::size_t>(layer.groups) == biases.size();
    const bool fit = weights.size() == biases.size() || weights.size() == 1 || biases.size() == 1 || isGrouped;
    if (weights.empty() || biases.empty() || inputs.size() != 1 || !fit)
        return false;
    const auto factors = productFactors(network, layer);
    for (std::size_t i = 0; factors && i < std::max(weights.size(), biases.size()); ++i) {
        const float scale = weights[i % weights.size()], own = biases[i % biases.size()];
        if (!nearlyEqual(factors->biasStep(own), factors->sumStep(scale, inputs.front())))
            return false;
    }
    return factors.has_value();
}

BiasScale biasScaleOf(const CheckFacts &facts, const Layer &layer)
{
    const SlotQuantizer *bias = layer.slot(Slot::Bias);
    if (bias == nullptr || (!bias->tensor && !bias->quantizer))
        return BiasScale::None;
    if (!bias->quantizer)
        return problemOf(facts.network, {layer.id, Slot::Bias}) != nullptr ? BiasScale::Unknown : BiasScale::Float;
    if (bias->preset.find("InternalScaling") != std::string::npos)
        return BiasScale::Internal;
    if (bias->preset.starts_with("Int") && bias->preset.ends_with("Bias"))
        return BiasScale::External;
    return byNumbers(facts, layer);
}

} // namespace quantscope
