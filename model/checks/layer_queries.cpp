#include "checks/layer_queries.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace quantscope {

namespace {

bool hasQuantizedWeight(const Layer &layer)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    return weight != nullptr && weight->quantizer && weight->tensor;
}

bool multiplies(const Layer &layer)
{
    return layer.kind.starts_with("Conv") || layer.kind == "Linear" || layer.kind == "MatMul" || layer.kind == "Gemm";
}

/// "leakyrelu" of "LeakyRelu" and of "leaky_relu_".
std::string plainType(std::string_view opType)
{
    std::string out;
    for (const char c : opType)
        if (c != '_' && c != '-')
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

} // namespace

std::vector<const Layer *> layersWithBias(const CheckFacts &facts, BiasScale scale)
{
    std::vector<const Layer *> out;
    for (const Layer &layer : facts.network.layers)
        if (hasQuantizedWeight(layer) && biasScaleOf(facts, layer) == scale)
            out.push_back(&layer);
    return out;
}

std::vector<const Layer *> layersWithFloatWeight(const CheckFacts &facts)
{
    std::vector<const Layer *> out;
    for (const Layer &layer : facts.network.layers) {
        const SlotQuantizer *weight = layer.slot(Slot::Weight);
        const bool isFloat = weight != nullptr && weight->tensor && !weight->quantizer
            && isFloating(weight->tensor->dtype) && weight->shape.size() > 1 && weight->tensor->count() > 1;
        if (isFloat && multiplies(layer) && problemOf(facts.network, {layer.id, Slot::Weight}) == nullptr)
            out.push_back(&layer);
    }
    return out;
}

std::vector<const Layer *> layersWithFloatInput(const CheckFacts &facts)
{
    std::vector<const Layer *> out;
    for (const Layer &layer : facts.network.layers) {
        const auto node = facts.network.flow.nodeOf(layer.id);
        if (!node || !hasQuantizedWeight(layer) || !multiplies(layer))
            continue;
        const std::vector<Arrival> arrivals = facts.arrivals.into(*node);
        const bool plain = std::ranges::any_of(arrivals, [&](const Arrival &arrival) {
            const FlowEdge &edge = facts.network.flow.edges()[arrival.edge];
            return arrival.kind == Arrival::Kind::Plain && !edge.requantizer && !edge.constant;
        });
        if (plain)
            out.push_back(&layer);
    }
    return out;
}

std::optional<ActivationKind> activationKindOf(const CheckedSlot &checked)
{
    if (checked.slot.slot == Slot::Input || checked.slot.slot == Slot::Output)
        return ActivationKind::Identity;
    if (checked.slot.slot != Slot::Act || checked.layer.kindAssumed)
        return std::nullopt;
    const std::string &kind = checked.layer.kind;
    if (kind == "ReLU" || kind == "SELU")
        return ActivationKind::Relu;
    if (kind == "Identity")
        return ActivationKind::Identity;
    static constexpr std::array<std::string_view, 12> kOthers = {"ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU",
        "Sigmoid", "Tanh", "Hardsigmoid", "Hardswish", "Hardtanh", "Softmax"};
    return std::ranges::find(kOthers, kind) == kOthers.end() ? std::nullopt : std::optional(ActivationKind::Other);
}

void addOperators(const CheckFacts &facts, Findings &out, Severity severity,
    const std::function<bool(FlowNodeId)> &wanted, std::string_view before, std::string_view fix)
{
    std::map<std::string_view, std::vector<FlowNodeId>> found;
    const Flow &flow = facts.network.flow;
    for (std::size_t i = 0; i < flow.nodes().size(); ++i) {
        const auto id = static_cast<FlowNodeId>(i);
        if (flow.node(id).kind != FlowNode::Kind::Operator || !wanted(id))
            continue;
        const std::vector<FlowEdge> read = flow.edgesFrom(id);
        if (read.empty() || !std::ranges::all_of(read, &FlowEdge::shapeOnly))
            found[flow.node(id).opType].push_back(id);
    }
    for (const auto &[opType, nodes] : found) {
        const FlowNode &first = flow.node(nodes.front());
        Finding finding;
        finding.severity = severity;
        finding.node = nodes.front();
        finding.text = fmt::format("{} {}: {} of them{}", before, opType, nodes.size(),
            first.name.empty() ? std::string() : fmt::format(", {} first", first.name));
        finding.fix = fix;
        out.add(std::move(finding));
    }
}

bool isOfHost(const Flow &flow, FlowNodeId node, std::span<const std::string_view> types)
{
    if (std::ranges::find(types, plainType(flow.node(node).opType)) == types.end())
        return false;
    const std::vector<FlowNodeId> readers = flow.consumers(node);
    return !std::ranges::all_of(
        readers, [&](FlowNodeId reader) { return flow.node(reader).kind == FlowNode::Kind::Output; });
}

void addForEach(
    Findings &out, const std::vector<const Layer *> &layers, Slot slot, std::string_view text, std::string_view fix)
{
    for (const Layer *layer : layers)
        out.add({layer->id, slot}, fmt::format("{} {}: {}", layer->name, slot, text), std::string(fix));
}

void addFloatInputs(const CheckFacts &facts, Findings &out, std::string_view text, std::string_view fix)
{
    for (const Layer *layer : layersWithFloatInput(facts))
        out.add(
            layer->id, fmt::format("{}: what it reads is not quantized, so {}", layer->name, text), std::string(fix));
}

void addFaultyExport(const CheckFacts &facts, Findings &out)
{
    for (const Diagnostic &diagnostic : facts.network.diagnostics) // not those without what is muted
        if (diagnostic.rule == "qonnx-signed-narrow-swapped")
            out.add(diagnostic.subject, diagnostic.text, "export anew with Brevitas 0.10.3 or later");
}

std::string_view wayToQonnx(const Network &network)
{
    return traitsOf(network.dialect).standardOperators
        ? "convert it with qonnx.transformation.qcdq_to_qonnx.QCDQToQuant, or export with brevitas.export.export_qonnx"
        : "export with brevitas.export.export_qonnx";
}

} // namespace quantscope
