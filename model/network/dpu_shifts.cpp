#include "network/dpu_shifts.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <array>
#include <cctype>

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

/// Computed with the sum before it becomes codes; names of ONNX, torch and XIR without their marks.
bool isActivation(std::string type)
{
    static constexpr std::array<std::string_view, 8> kTypes
        = {"relu", "relu6", "leakyrelu", "prelu", "clip", "hardsigmoid", "hardswish", "hardtanh"};
    std::erase_if(type, [](char c) { return c == '-' || c == '_'; });
    std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::find(kTypes, type) != kTypes.end();
}

/// Positions of what alone reads a node, behind activations that have no quantizer of their own.
std::vector<std::optional<int>> positionsBehind(const Network &network, FlowNodeId node, int steps)
{
    std::vector<std::optional<int>> out;
    for (const FlowNodeId reader : network.flow.consumers(node)) {
        const FlowNode &next = network.flow.node(reader);
        const Layer *layer = next.layer ? &network.layer(*next.layer) : nullptr;
        if (layer == nullptr && steps > 0 && next.kind == FlowNode::Kind::Operator && isActivation(next.opType))
            std::ranges::copy(positionsBehind(network, reader, steps - 1), std::back_inserter(out));
        else if (layer != nullptr && layer->slot(Slot::Weight) == nullptr)
            out.push_back(positionIn(layer->slot(Slot::Act)));
        else
            out.push_back(std::nullopt);
    }
    return out;
}

/// Its own quantizer, else that of the activation behind it: the DPU computes both at once.
std::optional<int> outputPosition(const Network &network, const Layer &layer)
{
    constexpr int kMostActivations = 2;
    for (const Slot own : {Slot::Output, Slot::Act})
        if (layer.slot(own) != nullptr)
            return positionIn(layer.slot(own));
    const auto node = network.flow.nodeOf(layer.id);
    return node ? only(positionsBehind(network, *node, kMostActivations)) : std::nullopt;
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
    DpuShift out{value, std::nullopt, 15};
    if (cut)
        out.lowest = std::min(0, -(kSumBits - (kOutputBits + cut->value)));
    return out;
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

std::string rangeText(const DpuShift &shift)
{
    return shift.lowest ? fmt::format("{} to {}", *shift.lowest, shift.highest)
                        : fmt::format("up to {}", shift.highest);
}

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
