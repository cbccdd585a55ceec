#include "checks/requantization.h"

#include "checks/product_factors.h"
#include "network/switched_off.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace quantscope {

namespace {

/// Between a sum and its quantizer; what they cut off, the quantizer's own limits would, or its ReLU's.
bool onlyCuts(const FlowNode &node)
{
    static constexpr std::array<std::string_view, 8> kCutting
        = {"Relu", "relu", "relu_", "Clip", "clamp", "Relu6", "relu6", "hardtanh"};
    return node.kind == FlowNode::Kind::Operator && std::ranges::find(kCutting, node.opType) != kCutting.end();
}

/// A layer that quantizes what it reads, or what it only cuts off or chooses from: not what it computes of it.
bool quantizesAsItIs(const Layer &layer)
{
    static constexpr std::array<std::string_view, 7> kKinds
        = {"Identity", "Quantize", "ReLU", "ReLU6", "Hardtanh", "MaxPool1d", "MaxPool2d"};
    return layer.slot(Slot::Weight) == nullptr && layer.slot(Slot::Act) != nullptr
        && (layer.kindAssumed || std::ranges::find(kKinds, layer.kind) != kKinds.end());
}

/// The quantizers that the result of one layer meets, followed down through what keeps values.
class Outputs {
public:
    Outputs(const Network &network, FlowNodeId start)
        : m_network(network)
    {
        follow(start);
    }

    std::vector<SlotId> found;

private:
    void follow(FlowNodeId start)
    {
        constexpr std::size_t kMostNodes = 64;
        std::vector<FlowNodeId> open{start};
        std::set<FlowNodeId> seen{start};
        while (!open.empty() && seen.size() < kMostNodes) {
            const FlowNodeId node = open.back();
            open.pop_back();
            for (const FlowEdge &edge : m_network.flow.edgesFrom(node))
                if (!edge.shapeOnly && passes(edge) && seen.insert(edge.to).second)
                    open.push_back(edge.to);
        }
    }

    /// Whether to go on behind the edge's reader; what quantizes there is kept.
    bool passes(const FlowEdge &edge)
    {
        const FlowNode &reader = m_network.flow.node(edge.to);
        const Layer *layer = reader.layer ? &m_network.layer(*reader.layer) : nullptr;
        if (edge.requantizer)
            keep(*edge.requantizer);
        else if (layer != nullptr && quantizesAsItIs(*layer))
            keep({layer->id, Slot::Act});
        else
            return layer == nullptr && (edge.use == FlowUse::Keeps || edge.use == FlowUse::Pads || onlyCuts(reader));
        return false;
    }

    void keep(const SlotId &slot)
    {
        if (std::ranges::find(found, slot) == found.end())
            found.push_back(slot);
    }

    const Network &m_network;
};

std::vector<SlotId> outputSlots(const Network &network, const Layer &layer)
{
    const SlotQuantizer *own = layer.slot(Slot::Output);
    if (own != nullptr && !isSwitchedOff(*own))
        return {{layer.id, Slot::Output}};
    const auto node = network.flow.nodeOf(layer.id);
    return node ? Outputs(network, *node).found : std::vector<SlotId>();
}

/// Empty where it is not known; no block of a blocked weight is an output channel's.
std::vector<float> scalesOf(const SlotQuantizer *slot)
{
    const bool known = slot != nullptr && slot->quantizer && slot->quantizer->scale && !slot->quantizer->blockSize;
    return known ? slot->quantizer->scale->values : std::vector<float>();
}

/// The scales of a weight belong to its output channels.
bool goesByChannel(const SlotQuantizer &weight)
{
    const Granular &scale = *weight.quantizer->scale;
    return scale.perTensor() || (scale.axis && *scale.axis == weight.channelAxis);
}

double worst(const std::vector<RequantizationFactor> &factors, double RequantizationFactor::*error)
{
    double out = 0;
    for (const RequantizationFactor &factor : factors)
        if (std::fabs(factor.*error) > std::fabs(out))
            out = factor.*error;
    return out;
}

} // namespace

RequantizationFactor requantizationFactor(double factor)
{
    RequantizationFactor out;
    out.factor = factor;
    int exponent = 0;
    const double fraction = std::frexp(factor, &exponent); // in [0.5, 1)
    auto rounded = static_cast<std::int64_t>(std::round(std::ldexp(fraction, 31)));
    int shift = exponent;
    if (rounded == std::int64_t{1} << 31) {
        rounded /= 2;
        ++shift;
    }
    if (shift < -31) {
        rounded = 0;
        shift = 0;
    }
    out.multiplier = static_cast<std::int32_t>(rounded);
    out.shift = shift;
    out.error = (std::ldexp(static_cast<double>(rounded), shift - 31) - factor) / factor;
    const double below = 0.5 / fraction - 1, above = 1 / fraction - 1;
    const bool up = above < -below;
    out.powerShift = up ? -exponent : 1 - exponent;
    out.powerError = up ? above : below;
    return out;
}

double Requantization::worstError() const { return worst(factors, &RequantizationFactor::error); }

double Requantization::worstPowerError() const { return worst(factors, &RequantizationFactor::powerError); }

std::vector<Requantization> requantizationsOf(const Network &network, const Layer &layer, const SlotId &input)
{
    std::vector<Requantization> out;
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    const std::vector<float> weights = scalesOf(weight), inputs = scalesOf(network.slot(input));
    if (weights.empty() || inputs.size() != 1 || !goesByChannel(*weight))
        return out;
    const auto factors = productFactors(network, layer);
    if (!factors || factors->computesMore)
        return out;
    for (const SlotId &slot : outputSlots(network, layer)) {
        const std::vector<float> outputs = scalesOf(network.slot(slot));
        const std::size_t count = std::max(weights.size(), outputs.size());
        if (outputs.empty() || (weights.size() != 1 && outputs.size() != 1 && weights.size() != outputs.size()))
            continue;
        Requantization found{slot, {}};
        for (std::size_t c = 0; c < count; ++c) {
            const double factor = static_cast<double>(weights[weights.size() == 1 ? 0 : c])
                * static_cast<double>(inputs[0]) * factors->sums
                / static_cast<double>(outputs[outputs.size() == 1 ? 0 : c]);
            if (std::isfinite(factor) && factor > 0)
                found.factors.push_back(requantizationFactor(factor));
        }
        if (found.factors.size() == count)
            out.push_back(std::move(found));
    }
    return out;
}

} // namespace quantscope
