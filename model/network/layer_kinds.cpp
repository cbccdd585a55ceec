#include "network/layer_kinds.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace quantscope {

namespace {

constexpr std::array kKinds = {
    LayerKind{"Conv1d", 3},
    LayerKind{"Conv2d", 4},
    LayerKind{"Conv3d", 5},
    LayerKind{"ConvTranspose1d", 3, true},
    LayerKind{"ConvTranspose2d", 4, true},
    LayerKind{"ConvTranspose3d", 5, true},
    LayerKind{"Linear", 2},
    LayerKind{"Embedding", 2},
    LayerKind{"EmbeddingBag", 2},
    LayerKind{"Bilinear", 3},
    LayerKind{"ScaleBias"},
    LayerKind{"BatchNorm2dToQuantScaleBias"},
    LayerKind{"BatchNorm"},
    LayerKind{"BatchNorm1d"},
    LayerKind{"BatchNorm2d"},
    LayerKind{"BatchNorm3d"},
    LayerKind{"LayerNorm"},
    LayerKind{"GroupNorm"},
    LayerKind{"InstanceNorm1d"},
    LayerKind{"InstanceNorm2d"},
    LayerKind{"InstanceNorm3d"},
    LayerKind{"RMSNorm"},
    LayerKind{"ReLU"},
    LayerKind{"ReLU6"},
    LayerKind{"PReLU"},
    LayerKind{"LeakyReLU"},
    LayerKind{"ELU"},
    LayerKind{"GELU"},
    LayerKind{"SiLU"},
    LayerKind{"Sigmoid"},
    LayerKind{"Tanh"},
    LayerKind{"Hardtanh"},
    LayerKind{"Hardsigmoid"},
    LayerKind{"Hardswish"},
    LayerKind{"Softmax"},
    LayerKind{"Identity"},
    LayerKind{"Quantize"},
    LayerKind{"Dropout"},
    LayerKind{"Flatten"},
    LayerKind{"Upsample"},
    LayerKind{"UpsamplingBilinear2d"},
    LayerKind{"UpsamplingNearest2d"},
    LayerKind{"AvgPool2d"},
    LayerKind{"AdaptiveAvgPool2d"},
    LayerKind{"MaxPool1d"},
    LayerKind{"MaxPool2d"},
    LayerKind{"TruncAvgPool2d"},
    LayerKind{"TruncAdaptiveAvgPool2d"},
    LayerKind{"EltwiseAdd"},
    LayerKind{"Cat"},
    LayerKind{"MultiheadAttention"},
    LayerKind{"LSTM"},
    LayerKind{"GRU"},
    LayerKind{"RNN"},
    LayerKind{"LSTMCell"},
    LayerKind{"GRUCell"},
    LayerKind{"RNNCell"},
    // Parts of Brevitas' recurrent layers.
    LayerKind{"_QuantLSTMLayer"},
    LayerKind{"_QuantLSTMCell"},
    LayerKind{"_QuantRNNLayer"},
    LayerKind{"_QuantRNNCell"},
    LayerKind{"GateParams"},
    LayerKind{"GateWeight", 2},
    LayerKind{"Module"},
};

bool sameWord(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
        [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

} // namespace

const LayerKind *findLayerKind(std::string_view name)
{
    constexpr std::string_view prefix = "Quant";
    const std::string_view bare = sameWord(name.substr(0, prefix.size()), prefix) ? name.substr(prefix.size()) : name;
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
        [&](const LayerKind &kind) { return sameWord(kind.name, name) || sameWord(kind.name, bare); });
    return found == kKinds.end() ? nullptr : &*found;
}

std::vector<std::string> layerKindNames()
{
    std::vector<std::string> names;
    for (const LayerKind &kind : kKinds)
        names.emplace_back(kind.name);
    return names;
}

std::string convolutionName(std::size_t weightRank, bool transposed)
{
    const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const LayerKind &kind) {
        return kind.name.starts_with("Conv") && kind.transposed == transposed
            && static_cast<std::size_t>(kind.weightRank) == weightRank;
    });
    return found == kKinds.end() ? std::string() : std::string(found->name);
}

} // namespace quantscope
