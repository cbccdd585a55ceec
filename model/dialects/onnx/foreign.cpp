#include "dialects/onnx/foreign.h"

#include "base/checked.h"
#include "base/text.h"
#include "dialects/onnx/labels.h"

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

std::uint64_t positive(const Node &node, const char *name)
{
    const std::int64_t found = node.integer(name, 0);
    if (found <= 0)
        throw ParseError(fmt::format("MatMulNBits attributes: {} is missing or not positive", name));
    return static_cast<std::uint64_t>(found);
}

/// onnxruntime ContribOperators.md: B is (N, ceil(K / block), block * bits / 8) bytes, one scale a block.
void checkMatMulNBits(Constants &constants, const Node &node)
{
    const std::uint64_t k = positive(node, "K"), n = positive(node, "N"), block = positive(node, "block_size");
    const std::uint64_t bits = node.attribute("bits") != nullptr ? positive(node, "bits") : 4;
    if (block < 16 || (block & (block - 1)) != 0 || (bits != 2 && bits != 4 && bits != 8))
        throw ParseError(fmt::format("MatMulNBits attributes: block size {} and {} bits do not exist", block, bits));
    const std::uint64_t blocks = checkedMul(n, k / block + (k % block != 0 ? 1 : 0), "the number of blocks");
    const std::uint64_t bytes = checkedMul(blocks, checkedMul(block, bits, "a block") / 8, "the weight");
    const auto expect = [&](std::size_t input, std::uint64_t count, const char *what) {
        const auto tensor = constants.view(node.input(input));
        if (tensor != nullptr && tensor->problem.empty() && elementCount(tensor->shape) != count)
            throw ParseError(fmt::format(
                "MatMulNBits sizes: {} has {} elements, K and N need {}", what, elementCount(tensor->shape), count));
    };
    expect(1, bytes, "B");
    expect(2, blocks, "scales");
}

/// FINN's and qonnx' nodes that stand for a network in a file of its own.
void reportChildren(const Graph &graph, Network &network)
{
    for (const Node &node : graph.nodes) {
        const Attribute *file = node.attribute("model");
        if (!node.opType.ends_with("Partition") || file == nullptr || file->s.empty())
            continue;
        const std::string name = file->s.substr(file->s.find_last_of("/\\") + 1);
        network.diagnostics.push_back({"network-elsewhere", Severity::Warning, "",
            fmt::format("The network of {} is not in this file but in {}: open that{}.", operatorLabel(node),
                printable(file->s), name == file->s ? "" : ", or " + printable(name) + " where it was copied to")});
    }
}

} // namespace

void reportForeign(Constants &constants, const Plan &plan, Network &network)
{
    reportChildren(constants.graph(), network);
    for (std::size_t i = 0; i < plan.layers.size(); ++i)
        for (const PlannedSlot &slot : plan.layers[i].slots) {
            const Node &node = constants.graph().nodes[slot.node];
            if (slot.form != Form::Foreign || node.opType != "MatMulNBits")
                continue;
            try {
                checkMatMulNBits(constants, node);
            } catch (const ParseError &error) {
                network.diagnostics.push_back({"quantizer-unreadable", Severity::Error, {layerId(i), slot.slot},
                    fmt::format("The quantizer of {} ({}) is not known: {}.", printable(plan.layers[i].name), slot.slot,
                        error.what())});
            }
        }
    if (plan.foreignOperators.empty())
        return;
    network.diagnostics.push_back({"dialect-not-decoded", Severity::Warning, "",
        fmt::format(
            "Quantizers written as {} are listed, but not decoded yet.", fmt::join(plan.foreignOperators, ", "))});
}

} // namespace quantscope::interpret
