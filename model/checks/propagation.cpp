#include "checks/propagation.h"

#include "checks/bias_scale.h"
#include "checks/lost_inputs.h"
#include "quant/grid.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string operatorText(const FlowNode &node)
{
    return node.name.empty() ? node.opType : fmt::format("{} (node {})", node.opType, node.name);
}

std::string readerText(const Network &network, const FlowNode &node)
{
    return node.layer ? network.layer(*node.layer).name : operatorText(node);
}

/// Why the operator loses it, for the version at hand.
std::string reasonText(const CheckFacts &facts, const LostInput &lost)
{
    const PropagationRow *row = propagationRow(facts.network.flow.node(lost.by).opType);
    const auto &brevitas = facts.network.recipe.brevitas;
    if (row == nullptr)
        return "what it computes is on no grid";
    if (brevitas && propagationIn(*row, brevitas) == Propagation::Kept)
        return fmt::format("Brevitas {} keeps the scale there, but what it computes is not on that grid", *brevitas);
    return std::string(row->says);
}

std::string fixText(const FlowNode &by)
{
    const PropagationRow *row = propagationRow(by.opType);
    return row != nullptr ? std::string(row->fix) : "write QuantIdentity(return_quant_tensor=True) behind it";
}

/// What they cut off was on the grid, and so is the rest.
bool cutsOff(const FlowNode &node)
{
    static constexpr std::array<std::string_view, 5> kCutting = {"Relu", "relu", "Clip", "clamp", "hardtanh"};
    return std::ranges::any_of(kCutting, [&](std::string_view name) { return node.opType.starts_with(name); });
}

/// Another input of the join still has its scale.
bool meetsQuantized(const CheckFacts &facts, FlowNodeId join)
{
    const std::vector<Arrival> inputs = facts.arrivals.into(join);
    return std::ranges::any_of(inputs, [&](const Arrival &input) {
        const FlowUse use = facts.network.flow.edges()[input.edge].use;
        return input.kind == Arrival::Kind::Quantized && (use == FlowUse::Merges || use == FlowUse::Sums);
    });
}

/// The scale that was lost is needed: Brevitas raises, and integers mean other numbers.
bool isNeeded(const CheckFacts &facts, const LostInput &lost)
{
    const FlowNode &reader = facts.network.flow.node(lost.reader);
    if (cutsOff(facts.network.flow.node(lost.by)))
        return false;
    if (!reader.layer)
        return lost.offGrid && traitsOf(facts.network.dialect).carriesScales;
    const SlotQuantizer *made = facts.network.slot(lost.quantizer);
    return made != nullptr && made->quantizer
        && isProductScale(facts.network, facts.network.layer(*reader.layer), *made->quantizer);
}

void findLost(const CheckFacts &facts, Findings &out)
{
    const Network &network = facts.network;
    const DialectTraits &traits = traitsOf(network.dialect);
    if (!traits.keepsScales)
        return;
    for (const LostInput &lost : lostInputs(facts.arrivals, traits.carriesScales, network.recipe.brevitas)) {
        const FlowNode &reader = network.flow.node(lost.reader), &by = network.flow.node(lost.by);
        if (!reader.layer && (!lost.offGrid || !meetsQuantized(facts, lost.reader)))
            continue;
        const SlotQuantizer *made = network.slot(lost.quantizer);
        const std::string grid = made != nullptr && made->quantizer ? gridWords(*made->quantizer) : std::string();
        const bool needed = isNeeded(facts, lost);
        Finding finding;
        finding.severity = needed ? Severity::Error : Severity::Warning;
        if (reader.layer)
            finding.subject = *reader.layer;
        finding.node = lost.by;
        finding.text = fmt::format("{}: the quantization of {} {}{} is lost in {}, {}: {}{}",
            readerText(network, reader), network.layer(lost.quantizer.layer).name, lost.quantizer.slot,
            grid.empty() ? std::string() : fmt::format(" ({})", grid), operatorText(by),
            reader.layer ? "so it receives a plain tensor" : "and another input still has its own",
            reasonText(facts, lost),
            !needed            ? ""
                : reader.layer ? "; its bias has the scale of the lost grid"
                               : "; the join needs one scale");
        finding.fix = fixText(by);
        out.add(std::move(finding));
    }
}

/// By the order of the file: what is called between two layers is not in it.
void noteFlatten(const CheckFacts &facts, Findings &out)
{
    const auto minor = minorOf(facts.network.recipe.brevitas);
    if (!minor || *minor > 6)
        return;
    const Layer *before = nullptr;
    for (const Layer &layer : facts.network.layers) {
        if (layer.slot(Slot::Weight) == nullptr)
            continue;
        if (before != nullptr && before->kind.starts_with("Conv") && layer.kind == "Linear")
            out.add(layer.id,
                fmt::format(
                    "{}: it follows a convolution ({}), and torch.flatten(x, 1) loses the quantization in Brevitas "
                    "0.6, so that it would receive a plain tensor",
                    layer.name, before->name),
                "write x.flatten(1) or x.view(x.shape[0], -1)");
        before = &layer;
    }
}

constexpr std::string_view kPropagationSource = "Brevitas 0.6.0 to 0.12.1, QuantTensor through each operation";

constexpr std::array kPropagationRules = {
    Rule{.id = "propagation-lost",
        .severity = Severity::Warning,
        .source = kPropagationSource,
        .ofNetwork = findLost,
        .needsGraph = true},
    Rule{.id = "propagation-lost",
        .severity = Severity::Note,
        .source = "Brevitas 0.6.0, QuantTensor",
        .ofNetwork = noteFlatten},
};

} // namespace

std::span<const Rule> propagationRules() { return kPropagationRules; }

std::string withoutGraph(const Network &network)
{
    if (traitsOf(network.dialect).saysItself)
        return "what feeds what in this file is not known";
    return "cannot be checked from a state_dict: what feeds what stands in its Python code alone; an export of the "
           "same "
           "network beside it (QONNX, QCDQ or TorchScript) tells it";
}

} // namespace quantscope
