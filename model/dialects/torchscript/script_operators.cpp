#include "dialects/torchscript/script_operators.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope::script {

namespace {

constexpr auto kNone = std::nullopt;

/// Of a recurrent layer: quantized ones have packed parameters.
constexpr ScriptOperator cell(
    std::string_view domain, std::string_view opType, std::string_view kind, std::string_view word)
{
    ScriptOperator op{domain, opType, kind, word, 2};
    op.packed = domain == "quantized";
    op.cell = true;
    return op;
}

/// Arguments: native_functions.yaml and the library definitions of quantized:: of PyTorch 1.6 to 2.x.
constexpr std::array kOperators = {
    ScriptOperator{"aten", "_convolution", "Conv", "conv", 1, 2, false, kNone, 8},
    ScriptOperator{"aten", "convolution", "Conv", "conv", 1, 2, false, kNone, 8},
    ScriptOperator{"aten", "conv1d", "Conv", "conv", 1, 2, false, kNone, 6},
    ScriptOperator{"aten", "conv2d", "Conv", "conv", 1, 2, false, kNone, 6},
    ScriptOperator{"aten", "conv3d", "Conv", "conv", 1, 2, false, kNone, 6},
    ScriptOperator{"aten", "conv_transpose1d", "ConvTranspose", "conv", 1, 2, false, kNone, 6, true},
    ScriptOperator{"aten", "conv_transpose2d", "ConvTranspose", "conv", 1, 2, false, kNone, 6, true},
    ScriptOperator{"aten", "conv_transpose3d", "ConvTranspose", "conv", 1, 2, false, kNone, 6, true},
    ScriptOperator{"aten", "linear", "Linear", "linear", 1, 2},
    ScriptOperator{"aten", "addmm", "Linear", "linear", 2, 0, false, kNone, kNone, false, true},
    ScriptOperator{"aten", "matmul", "Linear", "linear", 1, kNone, false, kNone, kNone, false, true},
    ScriptOperator{"aten", "mm", "Linear", "linear", 1, kNone, false, kNone, kNone, false, true},
    ScriptOperator{"aten", "embedding", "Embedding", "embedding", 0},
    ScriptOperator{"aten", "embedding_bag", "Embedding", "embedding", 0},
    ScriptOperator{"aten", "prelu", "PReLU", "prelu", 1},
    ScriptOperator{"aten", "lstm", "LSTM", "lstm", 2, kNone, false, kNone, kNone, false, false, true},
    ScriptOperator{"aten", "gru", "GRU", "gru", 2, kNone, false, kNone, kNone, false, false, true},
    ScriptOperator{"aten", "rnn_tanh", "RNN", "rnn", 2, kNone, false, kNone, kNone, false, false, true},
    ScriptOperator{"aten", "rnn_relu", "RNN", "rnn", 2, kNone, false, kNone, kNone, false, false, true},
    ScriptOperator{"aten", "quantized_lstm", "LSTM", "lstm", 2, kNone, true, kNone, kNone, false, false, true},
    ScriptOperator{"aten", "quantized_gru", "GRU", "gru", 2, kNone, true, kNone, kNone, false, false, true},
    cell("aten", "lstm_cell", "LSTMCell", "lstm"),
    cell("aten", "gru_cell", "GRUCell", "gru"),
    cell("aten", "rnn_tanh_cell", "RNNCell", "rnn"),
    cell("aten", "rnn_relu_cell", "RNNCell", "rnn"),
    cell("quantized", "quantized_lstm_cell_dynamic", "LSTMCell", "lstm"),
    cell("quantized", "quantized_gru_cell_dynamic", "GRUCell", "gru"),
    cell("quantized", "quantized_rnn_tanh_cell_dynamic", "RNNCell", "rnn"),
    cell("quantized", "quantized_rnn_relu_cell_dynamic", "RNNCell", "rnn"),
    ScriptOperator{"quantized", "conv1d", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv2d", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv3d", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv1d_relu", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv2d_relu", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv3d_relu", "Conv", "conv", 1, kNone, true, 2},
    ScriptOperator{"quantized", "conv2d_add", "Conv", "conv", 2, kNone, true, 3},
    ScriptOperator{"quantized", "conv2d_add_relu", "Conv", "conv", 2, kNone, true, 3},
    ScriptOperator{"quantized", "conv1d_dynamic", "Conv", "conv", 1, kNone, true},
    ScriptOperator{"quantized", "conv2d_dynamic", "Conv", "conv", 1, kNone, true},
    ScriptOperator{"quantized", "conv3d_dynamic", "Conv", "conv", 1, kNone, true},
    ScriptOperator{
        "quantized", "conv_transpose1d_dynamic", "ConvTranspose", "conv", 1, kNone, true, kNone, kNone, true},
    ScriptOperator{
        "quantized", "conv_transpose2d_dynamic", "ConvTranspose", "conv", 1, kNone, true, kNone, kNone, true},
    ScriptOperator{
        "quantized", "conv_transpose3d_dynamic", "ConvTranspose", "conv", 1, kNone, true, kNone, kNone, true},
    ScriptOperator{"quantized", "conv_transpose1d", "ConvTranspose", "conv", 1, kNone, true, 2, kNone, true},
    ScriptOperator{"quantized", "conv_transpose2d", "ConvTranspose", "conv", 1, kNone, true, 2, kNone, true},
    ScriptOperator{"quantized", "conv_transpose3d", "ConvTranspose", "conv", 1, kNone, true, 2, kNone, true},
    ScriptOperator{"quantized", "linear", "Linear", "linear", 1, kNone, true, 2},
    ScriptOperator{"quantized", "linear_relu", "Linear", "linear", 1, kNone, true, 2},
    ScriptOperator{"quantized", "linear_leaky_relu", "Linear", "linear", 1, kNone, true, 2},
    ScriptOperator{"quantized", "linear_tanh", "Linear", "linear", 1, kNone, true, 2},
    ScriptOperator{"quantized", "linear_dynamic", "Linear", "linear", 1, kNone, true},
    ScriptOperator{"quantized", "linear_relu_dynamic", "Linear", "linear", 1, kNone, true},
    ScriptOperator{"quantized", "linear_dynamic_fp16", "Linear", "linear", 1, kNone, true},
    ScriptOperator{"quantized", "linear_relu_dynamic_fp16", "Linear", "linear", 1, kNone, true},
    ScriptOperator{"quantized", "embedding_byte", "Embedding", "embedding", 0, kNone, true},
    ScriptOperator{"quantized", "embedding_4bit", "Embedding", "embedding", 0, kNone, true},
    ScriptOperator{"quantized", "embedding_bag_byte", "Embedding", "embedding", 0, kNone, true},
    ScriptOperator{"quantized", "embedding_bag_4bit", "Embedding", "embedding", 0, kNone, true},
};

constexpr std::array kOutputScales = {
    ScaledOperator{"add", 2},
    ScaledOperator{"add_relu", 2},
    ScaledOperator{"mul", 2},
    ScaledOperator{"mul_relu", 2},
    ScaledOperator{"matmul", 2},
    ScaledOperator{"cat", 2},
    ScaledOperator{"cat_relu", 2},
    ScaledOperator{"leaky_relu", 3},
    ScaledOperator{"sigmoid", 1},
    ScaledOperator{"hardswish", 1},
    ScaledOperator{"elu", 1},
    ScaledOperator{"prelu", 2, "PReLU", 1},
    ScaledOperator{"layer_norm", 5, "LayerNorm", 2, 3},
    ScaledOperator{"batch_norm", 6, "BatchNorm2d", 1, 2},
    ScaledOperator{"batch_norm_relu", 6, "BatchNorm2d", 1, 2},
    ScaledOperator{"batch_norm1d", 6, "BatchNorm1d", 1, 2},
    ScaledOperator{"batch_norm1d_relu", 6, "BatchNorm1d", 1, 2},
    ScaledOperator{"batch_norm2d", 6, "BatchNorm2d", 1, 2},
    ScaledOperator{"batch_norm2d_relu", 6, "BatchNorm2d", 1, 2},
    ScaledOperator{"batch_norm3d", 6, "BatchNorm3d", 1, 2},
    ScaledOperator{"batch_norm3d_relu", 6, "BatchNorm3d", 1, 2},
    ScaledOperator{"group_norm", 5, "GroupNorm", 2, 3},
    ScaledOperator{"instance_norm", 4, "InstanceNorm", 1, 2},
    ScaledOperator{"softmax", 2},
    ScaledOperator{"celu", 1},
    ScaledOperator{"dropout", 1},
};

} // namespace

const ScriptOperator *findOperator(const Node &node)
{
    const auto found = std::ranges::find_if(
        kOperators, [&](const ScriptOperator &op) { return op.opType == node.opType && op.domain == node.domain; });
    return found == kOperators.end() ? nullptr : &*found;
}

std::size_t scaleOf(const ScriptOperator &op, const Node &node)
{
    constexpr std::size_t kWithSettings = 8;
    return op.isConvolution() && node.inputs.size() >= kWithSettings ? kWithSettings - 2 : *op.scale;
}

bool hasExtraAxis(const ScriptOperator &op, std::size_t weightRank)
{
    return op.packed && weightRank == 4 && op.isConvolution() && op.opType.find("1d") != std::string_view::npos;
}

std::string kindOf(const ScriptOperator &op, const Node &node, std::size_t weightRank)
{
    if (hasExtraAxis(op, weightRank))
        --weightRank;
    if (!op.isConvolution() || weightRank < 3 || weightRank > 5)
        return std::string(op.kind);
    const bool transposed = op.transposed || (op.opType.ends_with("convolution") && node.integer("6", 0) != 0);
    return fmt::format("{}{}d", transposed ? "ConvTranspose" : "Conv", weightRank - 2);
}

std::optional<int> transposedStride(const ScriptOperator &op, const Node &node)
{
    const bool general = op.opType.ends_with("convolution");
    if (op.packed || !(op.transposed || (general && node.integer("6", 0) != 0)))
        return std::nullopt;
    const Attribute *strides = node.attribute("3"), *dilations = node.attribute(general ? "5" : "7");
    const auto all = [](const Attribute &given, std::int64_t step) {
        return std::ranges::all_of(given.ints, [&](std::int64_t each) { return each == step; });
    };
    if (strides == nullptr || strides->ints.empty() || (dilations != nullptr && !all(*dilations, 1)))
        return std::nullopt;
    const std::int64_t first = strides->ints.front();
    return first > 0 && first <= INT32_MAX && all(*strides, first) ? std::optional(static_cast<int>(first))
                                                                   : std::nullopt;
}

int outputAxisOf(const ScriptOperator &op, std::string_view kind, std::size_t rank, bool right, bool transposed)
{
    const bool last = op.rightOperand && right && rank > 0;
    const int axis = kind.starts_with("ConvTranspose") ? 1 : last ? static_cast<int>(rank) - 1 : 0;
    return transposed && axis < 2 ? 1 - axis : axis;
}

std::string_view activationKindOf(const Node &node)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kKinds = {{
        {"relu", "ReLU"},
        {"relu_", "ReLU"},
        {"relu6", "ReLU6"},
        {"hardtanh", "Hardtanh"},
        {"hardtanh_", "Hardtanh"},
        {"sigmoid", "Sigmoid"},
        {"tanh", "Tanh"},
        {"leaky_relu", "LeakyReLU"},
        {"leaky_relu_", "LeakyReLU"},
        {"softmax", "Softmax"},
        {"avg_pool2d", "AvgPool2d"},
        {"adaptive_avg_pool2d", "AdaptiveAvgPool2d"},
    }};
    const auto found = std::ranges::find_if(kKinds, [&](const auto &row) { return row.first == node.opType; });
    return found == kKinds.end() || node.domain != "aten" ? std::string_view() : found->second;
}

const ScaledOperator *findScaled(const Node &node)
{
    const auto found = std::ranges::find(kOutputScales, node.opType, &ScaledOperator::opType);
    if (node.domain != "quantized" || found == kOutputScales.end())
        return nullptr;
    // With a number as its second operand it computes the scale from that of its input.
    const bool given = node.input(found->scale) != kNoValue || node.attribute(std::to_string(found->scale)) != nullptr;
    return given ? &*found : nullptr;
}

} // namespace quantscope::script
