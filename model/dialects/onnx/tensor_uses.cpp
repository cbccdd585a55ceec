#include "dialects/onnx/tensor_uses.h"

#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"
#include "dialects/onnx/walk.h"

#include <algorithm>
#include <array>

namespace quantscope::interpret {

namespace {

/// Standard operators that combine or move elements, so that a constant beside the data is a bias, a mask, a table of
/// positions or anchors, or a scale.
constexpr std::array<std::string_view, 26> kElementwise = {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum",
    "Mean", "Where", "Concat", "Expand", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or",
    "Mod", "Clip", "Tile", "Pad", "ScatterND", "ScatterElements", "GridSample"};

/// What an operator reads beside its weight: thresholds, scales, zero points, tables of sines.
std::string besideWeight(const Node &node)
{
    if (isThresholds(node) || findHardware(node) != nullptr)
        return "thresholds of " + node.opType;
    const bool coded = findQOperator(node) != nullptr || isMatMulNBits(node) || isGatherBlocks(node);
    return coded || findForeign(node) != nullptr || readsTables(node) ? "operand of " + node.opType : std::string();
}

/// Of what reads a value, past operators that keep values; empty when it may be a weight.
std::string useOf(const Graph &graph, ValueId id)
{
    for (int step = 0; step < 16; ++step) {
        const Value &value = graph.values[id];
        if (std::ranges::find(graph.outputs, id) != graph.outputs.end())
            return "output of the network";
        if (value.consumers.empty())
            return {};
        const Node &reader = graph.nodes[value.consumers[0]];
        if (std::string use = besideWeight(reader); !use.empty())
            return use;
        if (reader.domain.empty() && std::ranges::find(kElementwise, reader.opType) != kElementwise.end())
            return "operand of " + reader.opType;
        if (!keepsValues(reader) || reader.outputs.empty() || reader.outputs[0] >= graph.values.size())
            return {};
        id = reader.outputs[0];
    }
    return {};
}

bool isIndices(DType dtype)
{
    return dtype == DType::String || dtype == DType::Bool || (isInteger(dtype) && dtypeBits(dtype) >= 32);
}

} // namespace

std::vector<std::string> tensorUses(const ModelFile &file)
{
    std::vector<std::string> uses(file.tensors.size());
    if (!file.graph)
        return uses;
    for (ValueId id = 0; id < file.graph->values.size(); ++id) {
        const Value &value = file.graph->values[id];
        if (!value.tensor)
            continue;
        const TensorInfo &tensor = file.tensors[*value.tensor];
        const auto wide = std::ranges::count_if(tensor.shape, [](std::int64_t dim) { return dim != 1; });
        const bool read = !value.consumers.empty();
        if (read && isIndices(tensor.dtype))
            uses[*value.tensor] = "indices, shapes or masks";
        else if (std::string use = useOf(*file.graph, id); !use.empty())
            uses[*value.tensor] = std::move(use);
        else if (read && wide <= 1)
            uses[*value.tensor] = "one value a channel";
    }
    return uses;
}

std::set<std::string> packedTensors(const ModelFile &file)
{
    static constexpr std::array<std::string_view, 5> kOperators
        = {"MatMulNBits", "MatMulBnb4", "GatherBlockQuantized", "QMoE", "MatMulFpQ4"};
    std::set<std::string> names;
    if (!file.graph)
        return names;
    for (const Node &node : file.graph->nodes)
        if (std::ranges::find(kOperators, node.opType) != kOperators.end())
            for (const ValueId input : node.inputs)
                if (const Value *value = file.graph->value(input); value != nullptr && value->tensor)
                    names.insert(file.tensors[*value->tensor].name);
    return names;
}

} // namespace quantscope::interpret
