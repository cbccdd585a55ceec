#include "network/dpu_shifts.h"

#include "quant/fixed_point.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::optional<int> positionIn(const SlotQuantizer *slot)
{
    const bool isOne
        = slot != nullptr && slot->quantizer && slot->quantizer->scale && slot->quantizer->scale->perTensor();
    return isOne ? fractionalBits(slot->quantizer->scale->values[0]) : std::nullopt;
}

std::optional<int> only(const std::vector<std::optional<int>> &positions)
{
    const bool same = !positions.empty()
        && std::ranges::all_of(positions, [&](const auto &one) { return one && one == positions.front(); });
    return same ? positions.front() : std::nullopt;
}

/// Its own quantizer, else those of the operators that alone read it: the DPU computes both at once.
std::optional<int> outputPosition(const Network &network, const Layer &layer)
{
    for (const Slot own : {Slot::Output, Slot::Act})
        if (layer.slot(own) != nullptr)
            return positionIn(layer.slot(own));
    const auto node = network.flow.nodeOf(layer.id);
    std::vector<std::optional<int>> next;
    for (const FlowNodeId reader : node ? network.flow.consumers(*node) : std::vector<FlowNodeId>()) {
        const FlowNode &flowNode = network.flow.node(reader);
        const Layer *reading = flowNode.layer ? &network.layer(*flowNode.layer) : nullptr;
        const bool quantizes = reading != nullptr && reading->slot(Slot::Weight) == nullptr;
        next.push_back(quantizes ? positionIn(reading->slot(Slot::Act)) : std::nullopt);
    }
    return only(next);
}

std::optional<int> inputPosition(const Arrivals &arrivals, const Layer &layer)
{
    std::vector<std::optional<int>> read;
    for (const SlotId &slot : inputQuantizers(arrivals, layer.id))
        read.push_back(positionIn(arrivals.network().slot(slot)));
    return only(read);
}

DpuShift cutOf(int value) { return {value, 0, 16}; }
DpuShift biasShiftOf(int value, const std::optional<DpuShift> &cut)
{
    constexpr int kSumBits = 24, kOutputBits = 8;
    return {value, std::min(0, -(kSumBits - (kOutputBits + (cut ? cut->value : 0)))), 15};
}

void computeShifts(DpuShifts &shifts)
{
    std::vector<std::string> lines;
    if (!shifts.weight || !shifts.input)
        return;
    const int sum = *shifts.weight + *shifts.input;
    if (shifts.output) {
        shifts.cut = cutOf(sum - *shifts.output);
        lines.push_back(fmt::format(
            "shift_cut = {} + {} - {} = {}", *shifts.weight, *shifts.input, *shifts.output, shifts.cut->value));
    }
    if (shifts.bias) {
        shifts.biasShift = biasShiftOf(sum - *shifts.bias, shifts.cut);
        lines.push_back(fmt::format(
            "shift_bias = {} + {} - {} = {}", *shifts.weight, *shifts.input, *shifts.bias, shifts.biasShift->value));
    }
    shifts.formula = fmt::format("{}", fmt::join(lines, "\n"));
}

} // namespace

std::vector<DpuShifts> dpuShifts(const Arrivals &arrivals)
{
    return traitsOf(arrivals.network().dialect).dpu ? dpuPositions(arrivals) : std::vector<DpuShifts>();
}

std::vector<DpuShifts> dpuPositions(const Arrivals &arrivals)
{
    const Network &network = arrivals.network();
    std::vector<DpuShifts> out;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *weight = layer.slot(Slot::Weight);
        if (weight == nullptr || !weight->quantizer || layer.kind == "PReLU")
            continue;
        DpuShifts shifts;
        shifts.layer = layer.id;
        shifts.weight = positionIn(weight);
        shifts.bias = positionIn(layer.slot(Slot::Bias));
        shifts.input = layer.dpu.inputPosition ? layer.dpu.inputPosition : inputPosition(arrivals, layer);
        shifts.output = layer.dpu.outputPosition ? layer.dpu.outputPosition : outputPosition(network, layer);
        computeShifts(shifts);
        out.push_back(std::move(shifts));
    }
    return out;
}

} // namespace quantscope
