#include "dialects/onnx/operators.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

constexpr auto kNone = std::nullopt;
constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr std::array kCompute = {
    ComputeOperator{"Conv", "Conv", 1, kNone, 2, false, true},
    ComputeOperator{"ConvTranspose", "ConvTranspose", 1, kNone, 2, false, true},
    ComputeOperator{"Gemm", "Linear", 1, 0, 2, false, false, true},
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
    ComputeOperator{"FusedGemm", "Linear", 1, 0, 2, false, false, true, kMicrosoft},
    ComputeOperator{"FusedMatMul", "Linear", 1, 0, kNone, false, false, true, kMicrosoft},
    ComputeOperator{"TransposeMatMul", "Linear", 1, 0, kNone, false, false, true, kMicrosoft},
    ComputeOperator{"Attention", "Attention", 1, kNone, 2, false, false, true, kMicrosoft},
};

/// Weight positions: onnxruntime ContribOperators.md.
constexpr std::array kForeign = {
    ForeignOperator{"MatMulBnb4", "Linear", 1, kNone},
};

constexpr std::array kHardware = {
    HardwareOperator{"MVAU", "Linear", 1, 2, true},
    HardwareOperator{"MVAU_hls", "Linear", 1, 2, true},
    HardwareOperator{"MVAU_rtl", "Linear", 1, 2, true},
    HardwareOperator{"MatrixVectorActivation", "Linear", 1, 2, true},
    HardwareOperator{"StreamingFCLayer_Batch", "Linear", 1, 2, true},
    HardwareOperator{"VVAU", "Conv", 1, 2},
    HardwareOperator{"VVAU_hls", "Conv", 1, 2},
    HardwareOperator{"VVAU_rtl", "Conv", 1, 2},
    HardwareOperator{"VectorVectorActivation", "Conv", 1, 2},
    HardwareOperator{"Vector_Vector_Activate_Batch", "Conv", 1, 2},
    HardwareOperator{"Lookup", "Embedding", 1, kNone, false, "EmbeddingType"},
    HardwareOperator{"Lookup_hls", "Embedding", 1, kNone, false, "EmbeddingType"},
    HardwareOperator{"XnorPopcountMatMul", "Linear", 1, kNone, true, "weightDataType", 0, true},
};

/// The old ones were called finn and finn.custom_op.general; some writers name none.
bool isFinnDomain(std::string_view domain)
{
    return domain.empty() || domain.starts_with("finn") || domain.starts_with("qonnx");
}

constexpr std::array<std::string_view, 4> kForeignQuantizers = {
    "BFPFixNeuron",
    "MXFixNeuron",
    "BFPQuantizeDequantize",
    "MXQuantizeDequantize",
};

} // namespace

bool isChannelsLast(const Node &node) { return node.domain == "qonnx.custom_op.channels_last"; }

const ComputeOperator *findCompute(const Node &node)
{
    // The same operators with other layouts of the data and of a convolution's weight.
    const std::string_view domain = isChannelsLast(node) ? std::string_view() : std::string_view(node.domain);
    const auto found = std::find_if(kCompute.begin(), kCompute.end(),
        [&](const auto &op) { return op.opType == node.opType && op.domain == domain; });
    return found == kCompute.end() ? nullptr : &*found;
}

int groupsOf(const Node &node)
{
    const std::int64_t groups = node.integer("group", 1);
    return groups > 0 && groups <= INT32_MAX ? static_cast<int>(groups) : 1;
}

std::optional<int> transposedStride(const Node &node)
{
    const auto ones = [](const Attribute *given) {
        return given == nullptr || std::ranges::all_of(given->ints, [](std::int64_t step) { return step == 1; });
    };
    if (node.opType != "ConvTranspose" || !ones(node.attribute("dilations")))
        return std::nullopt;
    const Attribute *strides = node.attribute("strides");
    if (strides == nullptr || strides->ints.empty())
        return 1;
    const std::int64_t first = strides->ints.front();
    const bool same = std::ranges::all_of(strides->ints, [&](std::int64_t stride) { return stride == first; });
    return same && first > 0 && first <= INT32_MAX ? std::optional(static_cast<int>(first)) : std::nullopt;
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

bool HardwareOperator::hasThresholds(const Node &node) const
{
    return thresholds && node.input(*thresholds) != kNoValue && node.integer("noActivation", 0) == 0;
}

const HardwareOperator *findHardware(const Node &node)
{
    const auto found
        = std::find_if(kHardware.begin(), kHardware.end(), [&](const auto &op) { return op.opType == node.opType; });
    return found == kHardware.end() || !isFinnDomain(node.domain) ? nullptr : &*found;
}

bool isThresholds(const Node &node)
{
    static constexpr std::array<std::string_view, 5> kNames
        = {"MultiThreshold", "Thresholding", "Thresholding_hls", "Thresholding_rtl", "Thresholding_Batch"};
    return isFinnDomain(node.domain) && std::find(kNames.begin(), kNames.end(), node.opType) != kNames.end();
}

std::string hardwareText(const Node &node)
{
    static constexpr std::array<std::string_view, 8> kNames
        = {"MW", "MH", "Channels", "NumEmbeddings", "EmbeddingDim", "PE", "SIMD", "accDataType"};
    std::vector<std::string> words;
    for (const std::string_view name : kNames)
        if (const Attribute *found = node.attribute(name); found != nullptr)
            words.push_back(found->kind == Attribute::Kind::String ? fmt::format("{} {}", name, printable(found->s))
                                                                   : fmt::format("{} {}", name, found->i));
    return words.empty() ? "" : fmt::format("{}: {}", node.opType, fmt::join(words, ", "));
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

std::string foreignText(const Node &node)
{
    std::vector<std::string> words;
    for (const char *name : {"element_dtype", "bfp_method"})
        if (const Attribute *word = node.attribute(name); word != nullptr && !word->s.empty())
            words.push_back(printable(word->s));
    if (const std::int64_t bits = node.integer("bit_width", 0); bits > 0)
        words.push_back(fmt::format("{} bits", bits));
    if (const std::int64_t block = node.integer("block_size", 0); block > 0)
        words.push_back(fmt::format("blocks of {}", block));
    return words.empty() ? node.opType : fmt::format("{} ({})", node.opType, fmt::join(words, ", "));
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
