#include "dialects/onnx/qdq_scale.h"

#include "base/text.h"
#include "dialects/onnx/granular.h"
#include "dialects/onnx/labels.h"

#include <limits>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

std::size_t axisOf(const Node &node, std::size_t rank)
{
    const std::int64_t axis = node.integer("axis", 1); // default since operator set 13
    const auto size = static_cast<std::int64_t>(rank);
    if (axis < -size || axis >= size)
        throw ParseError(fmt::format("axis {} of {} is out of range for {} axes", axis, nodeLabel(node), rank));
    return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

/// One value per block: the scale has x's rank, with ceil(D / B) along the axis (operator set 21).
void blockShape(const Node &node, std::int64_t block, const Shape &tensor, Granular &granular)
{
    const std::size_t axis = axisOf(node, tensor.size());
    Shape expected = tensor;
    expected[axis] = tensor[axis] / block + (tensor[axis] % block != 0 ? 1 : 0);
    if (granular.shape != expected)
        throw ParseError(fmt::format("the blocked scale of {} has shape {}, not {}", nodeLabel(node),
            shapeText(granular.shape), shapeText(expected)));
    granular.axis = static_cast<int>(axis);
}

std::string axisMismatch(const Node &node, std::int64_t count, std::size_t axis, const Shape &tensor)
{
    const std::string fitting = fittingAxes(tensor, count);
    const std::string which = node.attribute("axis") != nullptr ? "names axis" : "gives no axis, so it means axis";
    return fmt::format("{} {} {}, which has {} elements, while its {} scales fit {}", nodeLabel(node), which, axis,
        tensor[axis], count, fitting.empty() ? "no axis" : fitting);
}

/// Axes of what a node reads or makes, where the file tells the shape of one of them or of what it was quantized from.
std::optional<std::size_t> rankOfRead(const Graph &graph, const Node &node)
{
    constexpr int kLongestQuantizer = 8;
    const Value *made = node.outputs.empty() ? nullptr : graph.value(node.outputs[0]);
    if (made != nullptr && made->rank)
        return made->rank;
    ValueId at = node.input(0);
    for (int step = 0; step < kLongestQuantizer; ++step) {
        const Value *value = graph.value(at);
        if (value == nullptr || value->rank)
            return value == nullptr ? std::nullopt : value->rank;
        const Node *maker = graph.producerOf(at);
        const bool keepsRank = maker != nullptr
            && (isQuantize(*maker) || maker->opType == "Clip" || maker->opType == "Cast"
                || maker->opType == "Identity");
        if (!keepsRank)
            return std::nullopt;
        at = maker->input(0);
    }
    return std::nullopt;
}

/// The axis of an activation, whose rank the file need not say.
int activationAxis(const Graph &graph, const Node &node)
{
    constexpr std::int64_t kLargestRank = 64;
    if (const auto rank = rankOfRead(graph, node))
        return static_cast<int>(axisOf(node, *rank));
    const std::int64_t axis = node.integer("axis", 1);
    if (axis < 0 || axis >= kLargestRank)
        throw ParseError(fmt::format(
            "{} names axis {} of a tensor whose number of axes the file does not say", nodeLabel(node), axis));
    return static_cast<int>(axis);
}

void axisShape(const Graph &graph, const Node &node, const Shape *tensor, Granular &granular)
{
    if (granular.shape.size() != 1)
        throw ParseError(fmt::format("the scale of {} has {} axes", nodeLabel(node), granular.shape.size()));
    if (tensor == nullptr) {
        granular.axis = activationAxis(graph, node);
        return;
    }
    const std::size_t axis = axisOf(node, tensor->size());
    if (granular.shape[0] != (*tensor)[axis])
        throw ParseError(axisMismatch(node, granular.shape[0], axis, *tensor));
    granular.shape.assign(tensor->size(), 1);
    granular.shape[axis] = (*tensor)[axis];
    granular.axis = static_cast<int>(axis);
}

} // namespace

std::optional<int> placeScale(const Graph &graph, const Node &node, const Shape *tensor, Granular &scale)
{
    const std::int64_t block = node.integer("block_size", 0);
    if (block < 0 || block > std::numeric_limits<int>::max())
        throw ParseError(fmt::format("the block size {} of {}", block, nodeLabel(node)));
    if (block > 0 && tensor != nullptr)
        blockShape(node, block, *tensor, scale);
    else if (block > 0 && scale.values.size() > 1) // an activation: the scale has its rank
        scale.axis = static_cast<int>(axisOf(node, scale.shape.size()));
    else if (scale.values.size() > 1)
        axisShape(graph, node, tensor, scale);
    const bool blocked = block > 0 && (tensor != nullptr || scale.values.size() > 1);
    return blocked ? std::optional(static_cast<int>(block)) : std::nullopt;
}

std::string twoScalesText(
    const Node &quantize, const Granular &divide, const Node &dequantize, const Granular &multiply)
{
    const auto text = [](const Granular &scale) {
        return scale.perTensor() ? shortest(scale.values[0]) : fmt::format("{} numbers", scale.values.size());
    };
    return fmt::format("{} divides by {}, {} multiplies by {}, which is shown", nodeLabel(quantize), text(divide),
        nodeLabel(dequantize), text(multiply));
}

} // namespace quantscope::interpret
