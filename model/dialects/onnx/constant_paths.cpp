#include "dialects/onnx/constant_paths.h"

#include "dialects/folding/fold_table.h"
#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"
#include "dialects/onnx/walk.h"

#include <algorithm>
#include <array>

namespace quantscope::interpret {

namespace {

/// Operators with graphs of their own read outer values without naming them; others make new values each time.
bool mayBeConstant(const Node &node)
{
    return !node.opType.starts_with("Random") && node.opType != "Multinomial" && node.opType != "Bernoulli"
        && std::ranges::none_of(node.attributes, [](const Attribute &a) { return a.kind == Attribute::Kind::Graph; });
}

/// One number, or fewer than they read.
bool makesFewer(const Node &node)
{
    return node.opType.starts_with("Reduce") || node.opType == "Shape" || node.opType == "Size"
        || node.opType == "ArgMax";
}

bool isArithmetic(const Node &node)
{
    static constexpr std::array<std::string_view, 14> kOperators
        = {"Add", "Sub", "Mul", "Div", "Round", "Floor", "Ceil", "Clip", "Min", "Max", "Relu", "Sign", "Abs", "Neg"};
    return node.domain.empty() && std::ranges::find(kOperators, node.opType) != kOperators.end();
}

} // namespace

bool roundsValues(const Node &node)
{
    static constexpr std::array<std::string_view, 10> kRounding = {"Round", "Floor", "Ceil", "Sign", "Greater",
        "GreaterOrEqual", "Less", "LessOrEqual", "DynamicQuantizeLinear", "Mod"};
    const bool quantizer = isQuant(node) || isBipolar(node) || isTrunc(node) || isQuantize(node) || isDequantize(node)
        || isFixNeuron(node) || isFloatQuant(node) || isThresholds(node);
    return quantizer || isForeignQuantizer(node) || findQOperator(node) != nullptr
        || (node.domain.empty() && std::ranges::find(kRounding, node.opType) != kRounding.end());
}

ConstantPaths::ConstantPaths(const ModelFile &file)
    : m_file(file)
    , m_graph(*file.graph)
    , m_values(file.graph->values.size())
{
    for (ValueId id = 0; id < m_values.size(); ++id)
        if (const auto tensor = m_graph.values[id].tensor)
            m_values[id] = {true, id, {}, {}, m_file.tensors.at(*tensor).count()};
    walk();
}

bool ConstantPaths::restsOnCodes(ValueId value) const
{
    const ValueId tensor = tensorBehind(value);
    if (tensor == kNoValue)
        return false;
    const DType dtype = m_file.tensors[*m_graph.values[tensor].tensor].dtype;
    return isInteger(dtype) && dtype != DType::Bool && dtypeBits(dtype) <= 16;
}

ConstantPaths::Mixed ConstantPaths::mixedAbove(ValueId value) const
{
    constexpr std::size_t kMost = 64; // values that are looked at: more than fake quantization has
    Mixed out;
    std::uint64_t largest = 0;
    std::vector<ValueId> open{value};
    for (std::size_t next = 0; next < open.size() && next < kMost; ++next) {
        const ValueId tensor = tensorBehind(open[next]);
        if (tensor != kNoValue) {
            const TensorInfo &info = m_file.tensors[*m_graph.values[tensor].tensor];
            if (info.shape.size() >= 2 && info.count() > largest) {
                largest = info.count();
                out.tensor = tensor;
            }
            continue;
        }
        const Node *node = m_graph.producerOf(open[next]);
        if (node == nullptr || !(keepsValues(*node) || isArithmetic(*node)))
            continue;
        if (roundsValues(*node) && !out.rounder)
            out.rounder = m_graph.values[open[next]].producer;
        for (const ValueId input : distinctInputs(m_graph, *node))
            if (std::ranges::find(open, input) == open.end())
                open.push_back(input);
    }
    return out;
}

ConstantPaths::Path ConstantPaths::pathThrough(NodeId id) const
{
    const Node &node = m_graph.nodes[id];
    Path out;
    out.stored = true;
    std::uint64_t largest = 0;
    for (const ValueId input : node.inputs) {
        const Path &from = at(input);
        if (!from.stored)
            continue; // an absent operand
        const std::uint64_t elements = m_file.tensors[*m_graph.values[from.tensor].tensor].count();
        if (out.tensor == kNoValue || elements > largest) {
            out.tensor = from.tensor;
            largest = elements;
        }
        out.count = std::max(out.count, from.count);
        out.unknown = out.unknown ? out.unknown : from.unknown;
        out.rounder = out.rounder ? out.rounder : from.rounder;
    }
    if (makesFewer(node))
        out.count = 0;
    if (folding::findFunction(node) == nullptr)
        out.unknown = id;
    if (roundsValues(node))
        out.rounder = id;
    return out;
}

void ConstantPaths::walk()
{
    std::vector<std::size_t> open(m_graph.nodes.size(), 0); ///< distinct inputs that are not stored yet
    std::vector<NodeId> ready;
    for (NodeId id = 0; id < m_graph.nodes.size(); ++id) {
        const std::vector<ValueId> inputs = distinctInputs(m_graph, m_graph.nodes[id]);
        open[id] = static_cast<std::size_t>(
            std::ranges::count_if(inputs, [&](ValueId input) { return !m_values[input].stored; }));
        if (open[id] == 0 && !inputs.empty())
            ready.push_back(id);
    }
    while (!ready.empty()) {
        const NodeId id = ready.back();
        ready.pop_back();
        if (!mayBeConstant(m_graph.nodes[id]))
            continue;
        const Path path = pathThrough(id);
        for (const ValueId output : m_graph.nodes[id].outputs) {
            if (output >= m_values.size() || m_values[output].stored)
                continue;
            m_values[output] = path;
            for (const NodeId consumer : m_graph.values[output].consumers)
                if (open[consumer] > 0 && --open[consumer] == 0)
                    ready.push_back(consumer);
        }
    }
}

std::vector<ValueId> distinctInputs(const Graph &graph, const Node &node)
{
    std::vector<ValueId> out;
    for (const ValueId input : node.inputs)
        if (graph.value(input) != nullptr)
            out.push_back(input);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

} // namespace quantscope::interpret
