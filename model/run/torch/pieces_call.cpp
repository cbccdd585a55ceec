#include "run/torch/pieces_call.h"

#include "run/torch/run_graph.h"

#include <algorithm>

#include <ATen/core/Tensor.h>

namespace quantscope {

namespace {

bool hasSameShapes(const LaneValues &values)
{
    for (std::size_t i = 0; i < values.count(); ++i)
        if (!values.at(i).isTensor() || values.at(i).toTensor().sizes() != values.at(0).toTensor().sizes())
            return false;
    return true;
}

/// What it reads is the same of all pieces.
bool readsTheSame(const Node &node, const std::vector<HeldValue> &inputs)
{
    const bool readsShapes = node.domain.empty() && (node.opType == "Shape" || node.opType == "Size");
    return !isRandomNode(node) && std::ranges::all_of(inputs, [&](const HeldValue &input) {
        return input == nullptr || input->isOfAll() || (readsShapes && hasSameShapes(*input));
    });
}

} // namespace

std::int64_t opsetOf(const Graph &graph, const Node &node)
{
    const auto found = graph.opsets.find(node.domain == "ai.onnx" ? std::string() : node.domain);
    return found == graph.opsets.end() ? 0 : found->second;
}

std::vector<std::vector<c10::IValue>> callForPieces(
    const NodeFunction &of, const std::vector<HeldValue> &inputs, std::size_t pieces)
{
    const std::int64_t opset = opsetOf(*of.file.graph, of.node);
    std::vector<std::vector<c10::IValue>> out(readsTheSame(of.node, inputs) ? 1 : pieces);
    const bool areSmall = std::ranges::all_of(inputs,
        [](const HeldValue &input) { return input == nullptr || input->isOfAll() || isSmallPiece(input->at(0)); });
    forEachPiece(out.size(), areSmall, [&](std::size_t piece) {
        std::vector<c10::IValue> own;
        own.reserve(inputs.size());
        for (const HeldValue &input : inputs)
            own.push_back(input == nullptr ? c10::IValue() : input->at(piece));
        out[piece] = of.function({of.node, of.file, opset, own, of.floats, of.wantsUnrounded, of.within});
    });
    return out;
}

} // namespace quantscope
