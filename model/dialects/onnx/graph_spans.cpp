#include "dialects/onnx/graph_spans.h"

#include "dialects/onnx/binarization.h"
#include "dialects/onnx/decode_qdq.h"
#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/names.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"
#include "dialects/onnx/slot_nodes.h"

#include <algorithm>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kMostBetween = 64; ///< between a QuantizeLinear and what turns its codes back

ValueId outputOf(const Node &node) { return node.outputs.empty() ? kNoValue : node.outputs[0]; }

std::vector<GraphSpan> between(ValueId from, ValueId to)
{
    if (from == kNoValue || to == kNoValue)
        return {};
    return {{from, to}};
}

bool readsCodes(const Node &node, ValueId codes)
{
    const QOperator *op = findQOperator(node);
    for (std::size_t i = 0; op != nullptr && i < node.inputs.size(); ++i)
        if (node.inputs[i] == codes && operandAt(*op, i) != nullptr)
            return true;
    return false;
}

/// Each DequantizeLinear that reads its codes, behind nothing that moves or picks elements, and the codes themselves
/// where an operator computes with them.
std::vector<GraphSpan> behindQuantize(const Graph &graph, const Node &quantize)
{
    std::vector<GraphSpan> out;
    std::vector<ValueId> open{outputOf(quantize)};
    for (std::size_t at = 0; at < open.size() && at < kMostBetween; ++at) {
        const Value *codes = graph.value(open[at]);
        for (const NodeId consumer : codes == nullptr ? std::vector<NodeId>() : codes->consumers) {
            const Node &node = graph.nodes[consumer];
            const GraphSpan ofCodes{open[at], open[at]};
            if (at == 0 && readsCodes(node, open[at]) && std::ranges::find(out, ofCodes) == out.end())
                out.push_back(ofCodes);
            if (node.input(0) != open[at])
                continue;
            if (isDequantize(node))
                out.push_back({quantize.input(0), outputOf(node)});
            else if (node.opType == "Clip" || node.opType == "Cast" || node.opType == "Identity")
                open.push_back(outputOf(node));
        }
    }
    return out;
}

std::vector<GraphSpan> dequantizeSpans(const Graph &graph, const Node &node)
{
    const CodePath path = codePathOf(graph, node);
    return between(path.quantize != nullptr ? path.quantize->input(0) : node.input(0), outputOf(node));
}

/// Up to the last of the operators that move and scale the count.
std::vector<GraphSpan> thresholdSpans(const Graph &graph, const PlannedSlot &slot)
{
    ValueId last = outputOf(graph.nodes[slot.node]);
    for (const auto &step : {slot.offset, slot.scale})
        if (step)
            last = outputOf(graph.nodes[step->node]);
    return between(graph.nodes[slot.node].input(0), last);
}

bool isCalledQuantizer(const Node &node)
{
    return isQuant(node) || isBipolar(node) || isTrunc(node) || isFixNeuron(node) || isQuantize(node);
}

} // namespace

std::vector<GraphSpan> spansOf(Constants &constants, const PlannedSlot &slot)
{
    const Graph &graph = constants.graph();
    if (slot.node >= graph.nodes.size())
        return {};
    const Node &node = graph.nodes[slot.node];
    switch (slot.form) {
    case Form::Quant:
    case Form::Bipolar:
    case Form::Trunc:
    case Form::FloatQuant:
    case Form::FixNeuron: return between(node.input(0), outputOf(node));
    case Form::Dequantize: return dequantizeSpans(graph, node);
    case Form::Quantize: return behindQuantize(graph, node);
    case Form::Thresholds:
        return slot.ofHardware || !isThresholds(node) ? std::vector<GraphSpan>() : thresholdSpans(graph, slot);
    case Form::Fake: {
        const auto found = fakeQuantizationOf(constants, slot.value);
        return found ? between(found->input, outputOf(graph.nodes[found->last().node])) : std::vector<GraphSpan>();
    }
    case Form::Sign: {
        const auto found = binarizationOf(constants, slot.value);
        return found ? between(found->input, outputOf(graph.nodes[found->last])) : std::vector<GraphSpan>();
    }
    case Form::Codes:
        if (slot.constant)
            return graph.values[slot.value].tensor ? between(slot.value, slot.value) : std::vector<GraphSpan>();
        return slot.slot == Slot::Input ? between(node.input(slot.firstInput), node.input(slot.firstInput))
                                        : between(outputOf(node), outputOf(node));
    case Form::Scalars: return between(outputOf(node), outputOf(node));
    case Form::Plain: return slot.constant ? between(slot.value, slot.value) : std::vector<GraphSpan>();
    default: return {};
    }
}

void setSpans(Constants &constants, const PlannedLayer &planned, Layer &layer)
{
    for (std::size_t i = 0; i < planned.slots.size() && i < layer.slots.size(); ++i)
        layer.slots[i].spans = spansOf(constants, planned.slots[i]);
    const Graph &graph = constants.graph();
    for (const NodeId id : planned.nodes) {
        const Node &node = graph.nodes[id];
        const auto module = isCalledQuantizer(node) ? moduleSlot(node.name) : std::nullopt;
        for (std::size_t i = 0; module && i < planned.slots.size() && i < layer.slots.size(); ++i) {
            PlannedSlot called = planned.slots[i];
            if (called.slot != module->slot || called.constant || called.node == id
                || !sameQuantizer(constants, graph.nodes[called.node], node))
                continue;
            called.node = id;
            const std::vector<GraphSpan> more = spansOf(constants, called);
            layer.slots[i].spans.insert(layer.slots[i].spans.end(), more.begin(), more.end());
            break;
        }
    }
}

} // namespace quantscope::interpret
