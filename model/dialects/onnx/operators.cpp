#include "dialects/onnx/operators.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr auto kNone = std::nullopt;
constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr std::array kCompute = {
    ComputeOperator{"Conv", "Conv", 1, kNone, 2, false, true},
    ComputeOperator{"ConvTranspose", "ConvTranspose", 1, kNone, 2, false, true},
    ComputeOperator{"Gemm", "Linear", 1, kNone, 2, false, false, true},
    ComputeOperator{"MatMul", "Linear", 1, 0, kNone, false, false, true},
    ComputeOperator{"Gather", "Embedding", 0, kNone, kNone},
    ComputeOperator{"LSTM", "LSTM", 1, 2, 3, true},
    ComputeOperator{"GRU", "GRU", 1, 2, 3, true},
    ComputeOperator{"RNN", "RNN", 1, 2, 3, true},
    ComputeOperator{"DeformConv", "Conv", 1, kNone, 3, false, true},
    ComputeOperator{"PRelu", "PReLU", 1, kNone, kNone},
    ComputeOperator{"Einsum", "Einsum", 1, 0, kNone},
    ComputeOperator{"FusedConv", "Conv", 1, kNone, 2, false, true, false, kMicrosoft},
    ComputeOperator{"NhwcFusedConv", "Conv", 1, kNone, 2, false, true, false, kMicrosoft},
    ComputeOperator{"FusedGemm", "Linear", 1, kNone, 2, false, false, true, kMicrosoft},
    ComputeOperator{"FusedMatMul", "Linear", 1, 0, kNone, false, false, true, kMicrosoft},
    ComputeOperator{"TransposeMatMul", "Linear", 1, 0, kNone, false, false, true, kMicrosoft},
    ComputeOperator{"Attention", "Attention", 1, kNone, 2, false, false, true, kMicrosoft},
};

/// Weight positions: onnxruntime ContribOperators.md, FINN (weights of an MVAU are (MW, MH)).
constexpr std::array kForeign = {
    ForeignOperator{"MatMulBnb4", "Linear", 1, kNone},
    ForeignOperator{"MVAU_hls", "Linear", 1, kNone, true},
    ForeignOperator{"MVAU_rtl", "Linear", 1, kNone, true},
    ForeignOperator{"MVAU", "Linear", 1, kNone, true},
    ForeignOperator{"VVAU_hls", "Conv", 1, kNone},
    ForeignOperator{"VVAU_rtl", "Conv", 1, kNone},
    ForeignOperator{"MatrixVectorActivation", "Linear", 1, kNone, true},
    ForeignOperator{"VectorVectorActivation", "Conv", 1, kNone},
    ForeignOperator{"StreamingFCLayer_Batch", "Linear", 1, kNone, true},
    ForeignOperator{"Vector_Vector_Activate_Batch", "Conv", 1, kNone},
    ForeignOperator{"XnorPopcountMatMul", "Linear", 1, kNone, true, 0},
};

constexpr std::array<std::string_view, 12> kForeignQuantizers = {
    "VaiQuantize",
    "VaiDeQuantize",
    "BFPFixNeuron",
    "MXFixNeuron",
    "BFPQuantizeDequantize",
    "MXQuantizeDequantize",
    "MultiThreshold",
    "Thresholding",
    "Thresholding_hls",
    "Thresholding_rtl",
    "Thresholding_Batch",
    "FloatQuant",
};

} // namespace

const ComputeOperator *findCompute(const Node &node)
{
    // qonnx' channels_last repeats standard operators with other layouts of the data, never of the operands.
    const std::string_view domain
        = node.domain == "qonnx.custom_op.channels_last" ? std::string_view() : std::string_view(node.domain);
    const auto found = std::find_if(kCompute.begin(), kCompute.end(),
        [&](const auto &op) { return op.opType == node.opType && op.domain == domain; });
    return found == kCompute.end() ? nullptr : &*found;
}

int groupsOf(const Node &node)
{
    const std::int64_t groups = node.integer("group", 1);
    return groups > 0 && groups <= INT32_MAX ? static_cast<int>(groups) : 1;
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

bool readsTables(const Node &node)
{
    return node.domain == kMicrosoft
        && (node.opType == "RotaryEmbedding" || node.opType == "GroupQueryAttention"
            || node.opType == "MultiHeadAttention");
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
