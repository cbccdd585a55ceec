#include "dialects/onnx/operators.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr auto kNone = std::nullopt;

constexpr std::array kCompute = {
    ComputeOperator{"Conv", "Conv", 1, kNone, 2, false, true},
    ComputeOperator{"ConvTranspose", "ConvTranspose", 1, kNone, 2, false, true},
    ComputeOperator{"Gemm", "Linear", 1, kNone, 2, false, false, true},
    ComputeOperator{"MatMul", "Linear", 1, 0, kNone, false, false, true},
    ComputeOperator{"Gather", "Embedding", 0, kNone, kNone},
    ComputeOperator{"LSTM", "LSTM", 1, 2, 3, true},
    ComputeOperator{"GRU", "GRU", 1, 2, 3, true},
    ComputeOperator{"RNN", "RNN", 1, 2, 3, true},
};

/// Weight positions: onnx Operators.md, onnxruntime ContribOperators.md, FINN (weights of an MVAU are (MW, MH)).
constexpr std::array kForeign = {
    ForeignOperator{"QLinearConv", "Conv", 3, 8},
    ForeignOperator{"QLinearMatMul", "Linear", 3, kNone, true},
    ForeignOperator{"ConvInteger", "Conv", 1, kNone},
    ForeignOperator{"MatMulInteger", "Linear", 1, kNone, true},
    ForeignOperator{"QGemm", "Linear", 3, 6, true},
    ForeignOperator{"DynamicQuantizeMatMul", "Linear", 1, 4, true},
    ForeignOperator{"MatMulIntegerToFloat", "Linear", 1, 6, true},
    ForeignOperator{"QAttention", "Attention", 1, 2, true},
    ForeignOperator{"MatMulNBits", "Linear", 1, 5},
    ForeignOperator{"MatMulBnb4", "Linear", 1, kNone},
    ForeignOperator{"MVAU_hls", "Linear", 1, kNone, true},
    ForeignOperator{"MVAU_rtl", "Linear", 1, kNone, true},
    ForeignOperator{"MVAU", "Linear", 1, kNone, true},
    ForeignOperator{"VVAU_hls", "Conv", 1, kNone},
    ForeignOperator{"VVAU_rtl", "Conv", 1, kNone},
    ForeignOperator{"MatrixVectorActivation", "Linear", 1, kNone, true},
    ForeignOperator{"VectorVectorActivation", "Conv", 1, kNone},
};

constexpr std::array<std::string_view, 15> kForeignQuantizers = {
    "FixNeuron",
    "VaiQuantize",
    "VaiDeQuantize",
    "MultiThreshold",
    "Thresholding",
    "Thresholding_hls",
    "FloatQuant",
    "DynamicQuantizeLinear",
    "QLinearAdd",
    "QLinearMul",
    "QLinearSigmoid",
    "QLinearLeakyRelu",
    "QLinearAveragePool",
    "QLinearGlobalAveragePool",
    "QLinearConcat",
};

} // namespace

const ComputeOperator *findCompute(const Node &node)
{
    // Custom domains repeat standard operators with other layouts of the data, never of the operands (qonnx
    // channels_last).
    if (!node.domain.empty() && node.domain != "qonnx.custom_op.channels_last")
        return nullptr;
    const auto found
        = std::find_if(kCompute.begin(), kCompute.end(), [&](const auto &op) { return op.opType == node.opType; });
    return found == kCompute.end() ? nullptr : &*found;
}

std::string kindOf(const ComputeOperator &op, std::size_t weightRank)
{
    if (!op.byRank || weightRank < 3 || weightRank > 5)
        return std::string(op.kind);
    return fmt::format("{}{}d", op.kind, weightRank - 2);
}

const ForeignOperator *findForeign(const Node &node)
{
    const auto found
        = std::find_if(kForeign.begin(), kForeign.end(), [&](const auto &op) { return op.opType == node.opType; });
    return found == kForeign.end() ? nullptr : &*found;
}

bool isForeignQuantizer(const Node &node)
{
    return std::find(kForeignQuantizers.begin(), kForeignQuantizers.end(), node.opType) != kForeignQuantizers.end();
}

std::string_view activationKind(const Node &node)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kKinds = {{
        {"Relu", "ReLU"},
        {"Sigmoid", "Sigmoid"},
        {"Tanh", "Tanh"},
        {"LeakyRelu", "LeakyReLU"},
        {"Softmax", "Softmax"},
        {"AveragePool", "AvgPool2d"},
        {"GlobalAveragePool", "AdaptiveAvgPool2d"},
        {"HardSigmoid", "Hardsigmoid"},
    }};
    const auto found
        = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto &k) { return k.first == node.opType; });
    return found == kKinds.end() || !node.domain.empty() ? std::string_view() : found->second;
}

} // namespace quantscope::interpret
