#include "dialects/onnx/channel_axis.h"

#include "dialects/onnx/operators.h"
#include "dialects/onnx/qoperators.h"

#include <algorithm>

namespace quantscope::interpret {

namespace {

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

/// Of the weight as the operator reads it.
std::size_t channelAxisRead(const Node &node, std::size_t input, std::size_t rank)
{
    if (node.opType == "ConvTranspose")
        return 1;
    if (rank < 2 || !multipliesMatrices(node))
        return 0;
    const bool onTheLeft = input == 0; // y = W x
    const bool flipped = node.integer(onTheLeft ? "transA" : "transB", 0) != 0;
    return flipped != onTheLeft ? rank - 2 : rank - 1; // matrices are stacked along the axes before
}

/// Where no shapes are known: an odd number of transpositions turns a matrix around.
std::size_t turned(std::size_t axis, const WeightChain &chain, std::size_t rank)
{
    const auto turns = std::ranges::count(chain.steps, "Transpose", &LayoutStep::op);
    return turns % 2 != 0 && rank >= 2 && axis + 2 >= rank ? 2 * rank - 3 - axis : axis;
}

} // namespace

int channelAxisOf(const Node &node, std::size_t input, const WeightChain &chain, std::size_t rank)
{
    const std::size_t read = channelAxisRead(node, input, chain.rank().value_or(rank));
    if (chain.rank()) {
        const auto stored = chain.storedAxis(read);
        return stored ? static_cast<int>(*stored) : -1;
    }
    return static_cast<int>(turned(read, chain, rank));
}

} // namespace quantscope::interpret
