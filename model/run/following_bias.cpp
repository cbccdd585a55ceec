#include "run/following_bias.h"

#include "lab/candidate_slot.h"
#include "network/arrivals.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

/// The quantizer of a slot, chosen or the network's; null where it has none or is float.
const Quantizer *inForce(const Network &network, const std::vector<ChosenQuantizer> &chosen, const SlotId &id)
{
    const auto found = std::ranges::find(chosen, id, &ChosenQuantizer::first);
    if (found != chosen.end())
        return found->second && found->second->quantizer ? &*found->second->quantizer : nullptr;
    const SlotQuantizer *slot = network.slot(id);
    return slot != nullptr && slot->quantizer ? &*slot->quantizer : nullptr;
}

/// Input times weight in float32, one for each output channel or one for all; nothing where their counts do not fit.
std::vector<float> productOf(const Quantizer *input, const Quantizer *weight)
{
    if (input == nullptr || weight == nullptr || !input->scale || !weight->scale || input->scale->values.size() != 1
        || weight->blockSize)
        return {};
    std::vector<float> out;
    for (const float scale : weight->scale->values)
        out.push_back(input->scale->values.front() * scale);
    return out;
}

/// Equal but for the last bit, which depends on how an exporter rounded the product.
bool isSameScale(const std::vector<float> &product, const Granular &scale)
{
    const std::size_t products = product.size(), scales = scale.values.size();
    if (products == 0 || scales == 0 || (products != scales && products != 1 && scales != 1))
        return false;
    for (std::size_t i = 0; i < std::max(products, scales); ++i) {
        const float one = product[products == 1 ? 0 : i], other = scale.values[scales == 1 ? 0 : i];
        if (one != other && std::nextafter(one, other) != other)
            return false;
    }
    return true;
}

/// The bias with another scale. Codes of a file without floats are those of the values that they stood for.
SlotQuantizer withScale(const SlotQuantizer &bias, std::vector<float> values)
{
    SlotQuantizer out = bias;
    if (bias.holdsCodes() && bias.hasValues()) {
        out.tensor = dequantizedTensor(bias);
        out.quantizer->rule = CodeRule::DivideAddRound;
    }
    Granular scale;
    if (values.size() > 1) {
        scale.shape = {static_cast<std::int64_t>(values.size())};
        scale.axis = 0;
    }
    scale.values = std::move(values);
    out.quantizer->scale = std::move(scale);
    out.quantizer->divisor.reset();
    return out;
}

} // namespace

std::vector<ChosenQuantizer> followingBiases(const Network &network, const std::vector<ChosenQuantizer> &chosen)
{
    std::vector<ChosenQuantizer> out;
    const Arrivals arrivals(network);
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *bias = layer.slot(Slot::Bias);
        const SlotId weight{layer.id, Slot::Weight};
        if (bias == nullptr || !bias->quantizer || !bias->quantizer->scale || layer.slot(Slot::Weight) == nullptr
            || std::ranges::find(chosen, SlotId{layer.id, Slot::Bias}, &ChosenQuantizer::first) != chosen.end())
            continue;
        const std::vector<SlotId> inputs = inputQuantizers(arrivals, layer.id);
        if (inputs.size() != 1)
            continue;
        const auto before = productOf(inForce(network, {}, inputs.front()), inForce(network, {}, weight));
        auto after = productOf(inForce(network, chosen, inputs.front()), inForce(network, chosen, weight));
        if (isSameScale(before, *bias->quantizer->scale) && !after.empty() && before != after)
            out.emplace_back(SlotId{layer.id, Slot::Bias}, withScale(*bias, std::move(after)));
    }
    return out;
}

} // namespace quantscope
