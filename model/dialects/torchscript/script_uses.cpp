#include "dialects/torchscript/script_uses.h"

#include "dialects/torchscript/script_pattern.h"

#include <algorithm>
#include <array>

namespace quantscope::script {

namespace {

const Attribute *argumentOf(const Node &node, std::string_view position, std::string_view keyword)
{
    const Attribute *found = node.attribute(position);
    return found != nullptr ? found : node.attribute(keyword);
}

/// A number, or nothing at all.
bool isNumberOrAbsent(const Attribute *argument, double number)
{
    if (argument == nullptr || argument->kind == Attribute::Kind::Other) // None
        return true;
    return (argument->kind == Attribute::Kind::Int && static_cast<double>(argument->i) == number)
        || (argument->kind == Attribute::Kind::Float && static_cast<double>(argument->f) == number);
}

using ScriptCondition = bool (*)(const Node &node);

bool readsTwo(const Node &node) { return node.input(0) != kNoValue && node.input(1) != kNoValue; }
bool readsOne(const Node &node) { return node.input(1) == kNoValue; }

/// a + alpha * b
bool addsAlike(const Node &node) { return readsTwo(node) && isNumberOrAbsent(argumentOf(node, "2", "alpha"), 1); }

/// In training it drops and scales.
bool isEvaluation(const Node &node) { return isNumberOrAbsent(argumentOf(node, "2", "train"), 0); }

bool padsConstantZeros(const Node &node) { return isNumberOrAbsent(argumentOf(node, "2", "value"), 0); }

bool padsWithZeros(const Node &node)
{
    const Attribute *mode = argumentOf(node, "2", "mode");
    return mode == nullptr || mode->kind != Attribute::Kind::String || mode->s != "constant"
        || isNumberOrAbsent(argumentOf(node, "3", "value"), 0);
}

/// to(type), to(device, type): quantized values stay what they are in float32 and wider alone.
bool toFloats(const Node &node)
{
    constexpr std::int64_t kFloat32 = 6, kFloat64 = 7; // c10/core/ScalarType.h
    const Attribute *first = argumentOf(node, "1", "dtype");
    const Attribute *type = first != nullptr && first->kind == Attribute::Kind::Int ? first : node.attribute("2");
    return node.input(1) == kNoValue
        && (type == nullptr || type->kind != Attribute::Kind::Int || type->i == kFloat32 || type->i == kFloat64);
}

/// One of several arguments that stand in a list as it is written.
bool picksOfTensor(const Node &node) { return node.inputs.size() < 2 || node.input(1) == kNoValue; }

struct ScriptUse {
    std::string_view opType;
    FlowUse use = FlowUse::Keeps;
    std::size_t first = 0, last = 0; ///< the arguments that it holds for
    ScriptCondition condition = nullptr; ///< where it does not hold, the next row of that name counts
};

constexpr std::array kScriptUses = {
    ScriptUse{"to", FlowUse::Keeps, 0, 0, toFloats},
    ScriptUse{"float"},
    ScriptUse{"double"},
    ScriptUse{"cpu"},
    ScriptUse{"cuda"},
    ScriptUse{"detach"},
    ScriptUse{"alias"},
    ScriptUse{"contiguous"},
    ScriptUse{"clone"},
    ScriptUse{"dequantize"},
    ScriptUse{"dropout", FlowUse::Keeps, 0, 0, isEvaluation},
    ScriptUse{"feature_dropout", FlowUse::Keeps, 0, 0, isEvaluation},
    ScriptUse{"view"},
    ScriptUse{"view_as"},
    ScriptUse{"reshape"},
    ScriptUse{"reshape_as"},
    ScriptUse{"flatten"},
    ScriptUse{"unflatten"},
    ScriptUse{"squeeze"},
    ScriptUse{"unsqueeze"},
    ScriptUse{"transpose"},
    ScriptUse{"permute"},
    ScriptUse{"t"},
    ScriptUse{"numpy_T"},
    ScriptUse{"swapaxes"},
    ScriptUse{"swapdims"},
    ScriptUse{"movedim"},
    ScriptUse{"moveaxis"},
    ScriptUse{"expand"},
    ScriptUse{"expand_as"},
    ScriptUse{"broadcast_to"},
    ScriptUse{"repeat"},
    ScriptUse{"repeat_interleave"},
    ScriptUse{"tile"},
    ScriptUse{"slice"},
    ScriptUse{"select"},
    ScriptUse{"narrow"},
    ScriptUse{"index_select"},
    ScriptUse{"index"},
    ScriptUse{"gather"},
    ScriptUse{"take"},
    ScriptUse{"masked_select"},
    ScriptUse{"chunk"},
    ScriptUse{"unsafe_chunk"},
    ScriptUse{"split"},
    ScriptUse{"unsafe_split"},
    ScriptUse{"split_with_sizes"},
    ScriptUse{"tensor_split"},
    ScriptUse{"unbind"},
    ScriptUse{"__getitem__", FlowUse::Keeps, 0, 0, picksOfTensor},
    ScriptUse{"flip"},
    ScriptUse{"roll"},
    ScriptUse{"unfold"},
    ScriptUse{"diagonal"},
    ScriptUse{"pixel_shuffle"},
    ScriptUse{"pixel_unshuffle"},
    ScriptUse{"channel_shuffle"},
    ScriptUse{"max_pool1d"},
    ScriptUse{"max_pool2d"},
    ScriptUse{"max_pool3d"},
    ScriptUse{"max_pool1d_with_indices"},
    ScriptUse{"max_pool2d_with_indices"},
    ScriptUse{"max_pool3d_with_indices"},
    ScriptUse{"adaptive_max_pool1d"},
    ScriptUse{"adaptive_max_pool2d"},
    ScriptUse{"adaptive_max_pool3d"},
    ScriptUse{"amax"},
    ScriptUse{"amin"},
    ScriptUse{"topk"},
    ScriptUse{"sort"},
    ScriptUse{"upsample_nearest1d"},
    ScriptUse{"upsample_nearest2d"},
    ScriptUse{"upsample_nearest3d"},
    ScriptUse{"reflection_pad1d"},
    ScriptUse{"reflection_pad2d"},
    ScriptUse{"replication_pad1d"},
    ScriptUse{"replication_pad2d"},
    ScriptUse{"max", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"min", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"max", FlowUse::Keeps, 0, 0, readsOne},
    ScriptUse{"min", FlowUse::Keeps, 0, 0, readsOne},
    ScriptUse{"constant_pad_nd", FlowUse::Pads, 0, 0, padsConstantZeros},
    ScriptUse{"pad", FlowUse::Pads, 0, 0, padsWithZeros},
    ScriptUse{"tril", FlowUse::Pads},
    ScriptUse{"triu", FlowUse::Pads},
    ScriptUse{"cat", FlowUse::Merges},
    ScriptUse{"concat", FlowUse::Merges},
    ScriptUse{"concatenate", FlowUse::Merges},
    ScriptUse{"stack", FlowUse::Merges},
    ScriptUse{"hstack", FlowUse::Merges},
    ScriptUse{"vstack", FlowUse::Merges},
    ScriptUse{"dstack", FlowUse::Merges},
    ScriptUse{"column_stack", FlowUse::Merges},
    ScriptUse{"where", FlowUse::Merges, 1, 2,
        [](const Node &node) { return node.input(1) != kNoValue && node.input(2) != kNoValue; }},
    ScriptUse{"maximum", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"minimum", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"fmax", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"fmin", FlowUse::Merges, 0, 1, readsTwo},
    ScriptUse{"add", FlowUse::Sums, 0, 1, addsAlike},
    ScriptUse{"sub", FlowUse::Sums, 0, 1, addsAlike},
    ScriptUse{"rsub", FlowUse::Sums, 0, 1, addsAlike},
    ScriptUse{"subtract", FlowUse::Sums, 0, 1, addsAlike},
};

/// They give a quantized tensor the scale and zero point of the one they read.
constexpr std::array<std::string_view, 19> kKeepScale = {"relu", "relu6", "hardtanh", "clamp", "clamp_min", "clamp_max",
    "clip", "leaky_relu", "threshold", "gelu", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "adaptive_avg_pool3d", "mean", "upsample_bilinear2d", "upsample_linear1d", "masked_fill"};

/// Without the mark of those that write over what they read.
std::string_view plainName(const Node &node)
{
    std::string_view name = node.opType;
    if (name.ends_with('_') && !name.ends_with("__"))
        name.remove_suffix(1);
    return name;
}

} // namespace

FlowUse useOf(const Node &node, std::size_t input, bool codes)
{
    if (node.domain != "aten")
        return FlowUse::Computes;
    const std::string_view name = plainName(node);
    if (codes && input == 0 && std::ranges::find(kKeepScale, name) != kKeepScale.end())
        return FlowUse::Keeps;
    const auto row = std::ranges::find_if(kScriptUses,
        [&](const ScriptUse &use) { return use.opType == name && (use.condition == nullptr || use.condition(node)); });
    const bool holds = row != kScriptUses.end() && input >= row->first && input <= row->last;
    return holds ? row->use : FlowUse::Computes;
}

bool isMainOutput(const Node &node, std::size_t output)
{
    static constexpr std::array<std::string_view, 7> kParts
        = {"chunk", "unsafe_chunk", "split", "unsafe_split", "split_with_sizes", "tensor_split", "unbind"};
    return output == 0 || std::ranges::find(kParts, std::string_view(node.opType)) != kParts.end();
}

std::string_view joiningOperator(const Graph &graph, ValueId value)
{
    constexpr std::size_t kMost = 64; // values that are looked at
    std::vector<ValueId> open{value};
    for (std::size_t next = 0; next < open.size() && next < kMost; ++next)
        for (const NodeId reader : graph.values[open[next]].consumers) {
            const Node &node = graph.nodes[reader];
            const auto at = std::ranges::find(node.inputs, open[next]) - node.inputs.begin();
            const FlowUse use = useOf(node, static_cast<std::size_t>(at), false);
            if (use == FlowUse::Sums || use == FlowUse::Merges)
                return node.opType;
            const bool list = node.domain == "prim" && node.opType == "ListConstruct";
            if ((use == FlowUse::Keeps || list) && !node.outputs.empty())
                open.push_back(node.outputs[0]);
        }
    return {};
}

bool makesCodes(const Node &node, bool codesOf)
{
    if (node.domain == "quantized") {
        const bool floats = node.opType.find("dynamic") != std::string::npos
            || node.opType.find("unpack") != std::string::npos || node.opType.starts_with("embedding");
        return !floats;
    }
    if (const QuantizeOperator *quantize = findQuantize(node))
        return !quantize->fake;
    const bool copies = node.domain == "prim" && (node.opType == "ListConstruct" || node.opType == "If");
    return codesOf && (node.domain == "aten" || copies) && node.opType != "dequantize" && node.opType != "int_repr";
}

} // namespace quantscope::script
