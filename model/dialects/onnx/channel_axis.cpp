#include "dialects/onnx/channel_axis.h"

#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"

namespace quantscope::interpret {

namespace {

/// Does an odd number of Transpose nodes lie between what a node reads and the weight as it is stored?
bool isTransposed(const Graph &graph, ValueId operand, const Operand &weight)
{
    constexpr std::size_t kLongestPath = 64;
    const ValueId end = weight.node && !graph.nodes[*weight.node].outputs.empty() ? graph.nodes[*weight.node].outputs[0]
                                                                                  : weight.tensor;
    bool transposed = false;
    std::size_t steps = 0;
    for (ValueId at = operand; at != end && steps < kLongestPath; ++steps) {
        const Node *maker = graph.producerOf(at);
        if (maker == nullptr || !keepsValues(*maker))
            break;
        transposed = transposed != (maker->opType == "Transpose");
        at = maker->input(0);
    }
    return transposed;
}

bool multipliesMatrices(const Node &node)
{
    const ComputeOperator *compute = findCompute(node);
    const QOperator *coded = findQOperator(node);
    const ForeignOperator *foreign = findForeign(node);
    const HardwareOperator *hardware = findHardware(node);
    return compute != nullptr ? compute->rightOperand
        : coded != nullptr    ? coded->rightOperand
        : foreign != nullptr  ? foreign->rightOperand
                              : hardware != nullptr && hardware->rightOperand;
}

} // namespace

int channelAxisOf(const Graph &graph, const Node &node, std::size_t input, const Operand &weight, std::size_t rank)
{
    if (node.opType == "ConvTranspose")
        return 1;
    if (rank < 2 || !multipliesMatrices(node))
        return 0;
    const bool onTheLeft = input == 0; // y = W x
    const bool flipped = node.integer(onTheLeft ? "transA" : "transB", 0) != 0;
    const bool transposed = isTransposed(graph, node.input(input), weight) != flipped;
    const auto last = static_cast<int>(rank) - 1; // matrices are stacked along the axes before
    return transposed != onTheLeft ? last - 1 : last;
}

} // namespace quantscope::interpret
