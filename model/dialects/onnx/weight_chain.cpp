#include "dialects/onnx/weight_chain.h"

#include "dialects/folding/fold_shapes.h"

#include <algorithm>

namespace quantscope::interpret {

namespace {

constexpr std::size_t kLongestChain = 64;

bool changesLayout(const Node &node) { return node.opType != "Identity" && node.opType != "Cast"; }

/// From the operator up to what makes `end`, in the order of the data.
std::vector<const Node *> nodesBetween(const Graph &graph, ValueId value, ValueId end)
{
    std::vector<const Node *> nodes;
    for (std::size_t step = 0; value != end && step < kLongestChain; ++step) {
        const Node *maker = graph.producerOf(value);
        if (maker == nullptr || !keepsValues(*maker))
            break;
        if (changesLayout(*maker))
            nodes.push_back(maker);
        value = maker->input(0);
    }
    std::ranges::reverse(nodes);
    return nodes;
}

/// Of the tensor as the quantizer reads it; nothing where it is not told without computing it.
std::optional<Shape> quantizedShape(Constants &constants, const Operand &operand)
{
    const bool codes = operand.slot.form == Form::Dequantize;
    auto view = codes ? constants.codesView(operand.slot.value) : constants.view(operand.slot.value);
    if (view == nullptr)
        view = constants.view(operand.tensor);
    return view == nullptr ? std::nullopt : std::optional(view->shape);
}

std::uint64_t leadingElements(const Shape &shape, std::size_t count)
{
    std::uint64_t out = 1;
    for (std::size_t i = 0; i < count; ++i)
        out *= static_cast<std::uint64_t>(shape[i]);
    return out;
}

std::optional<std::size_t> axisBefore(const LayoutStep &step, const Shape &before, const Shape &after, std::size_t axis)
{
    if (step.op == "Transpose")
        return static_cast<std::size_t>(step.values[axis]);
    for (std::size_t i = 0; i < before.size(); ++i)
        if (before[i] == after[axis] && leadingElements(before, i) == leadingElements(after, axis))
            return i;
    return std::nullopt;
}

} // namespace

std::optional<std::size_t> WeightChain::storedAxis(std::size_t axis) const
{
    if (shapes.empty() || axis >= shapes.back().size())
        return std::nullopt;
    std::optional<std::size_t> at = axis;
    for (std::size_t i = steps.size(); at && i-- > 0;)
        at = axisBefore(steps[i], shapes[i], shapes[i + 1], *at);
    return at;
}

std::optional<std::size_t> WeightChain::rank() const
{
    return shapes.empty() ? std::nullopt : std::optional(shapes.back().size());
}

WeightChain weightChainOf(Constants &constants, ValueId value, const Operand &operand)
{
    const Graph &graph = constants.graph();
    const ValueId end = operand.node && !graph.nodes[*operand.node].outputs.empty()
        ? graph.nodes[*operand.node].outputs[0]
        : operand.tensor;
    WeightChain out;
    std::optional<Shape> shape = quantizedShape(constants, operand);
    if (shape)
        out.shapes.push_back(*shape);
    for (const Node *node : nodesBetween(graph, value, end)) {
        LayoutStep step{node->opType, {}};
        try {
            shape = shape ? constants.shapeBehind(*node, *shape) : std::nullopt;
            if (shape && node->opType == "Transpose")
                for (const std::size_t axis : folding::permutationOf(*node, shape->size()))
                    step.values.push_back(static_cast<std::int64_t>(axis));
        } catch (const ParseError &) {
            shape.reset(); // said where the tensor is needed
        }
        if (shape && step.values.empty())
            step.values = *shape;
        if (shape)
            out.shapes.push_back(*shape);
        else
            out.shapes.clear();
        out.steps.push_back(std::move(step));
    }
    return out;
}

} // namespace quantscope::interpret
