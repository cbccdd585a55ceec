#include "dialects/vitis/xir_graph.h"

#include "network/flow_order.h"

#include <algorithm>
#include <array>

namespace quantscope::vitis {

namespace {

using Weights = XirOperator::Weights;

/// xir/op/built_in_ops.cpp.
constexpr std::array kXirOperators = {
    XirOperator{"conv1d", "Conv", "weights", "bias", Weights::OutKernelIn, 1},
    XirOperator{"conv2d", "Conv", "weights", "bias", Weights::OutKernelIn, 2},
    XirOperator{"conv3d", "Conv", "weights", "bias", Weights::OutKernelIn, 3},
    XirOperator{"depthwise-conv1d", "Conv", "weights", "bias", Weights::Depthwise, 1},
    XirOperator{"depthwise-conv2d", "Conv", "weights", "bias", Weights::Depthwise, 2},
    XirOperator{"depthwise-conv3d", "Conv", "weights", "bias", Weights::Depthwise, 3},
    XirOperator{"transposed-conv2d", "ConvTranspose", "weights", "bias", Weights::Transposed, 2},
    XirOperator{"transposed-conv3d", "ConvTranspose", "weights", "bias", Weights::Transposed, 3},
    XirOperator{"transposed-depthwise-conv2d", "ConvTranspose", "weights", "bias", Weights::Transposed, 2},
    XirOperator{"transposed-depthwise-conv3d", "ConvTranspose", "weights", "bias", Weights::Transposed, 3},
    XirOperator{"matmul", "Linear", "input", "bias", Weights::Product},
    XirOperator{"inner-product", "Linear", "weights", "bias", Weights::Rows},
    XirOperator{"scale", "ScaleBias", "scale", "bias", Weights::Channel},
    XirOperator{"prelu", "PReLU", "weight", "", Weights::Channel},
};

constexpr std::array<std::string_view, 16> kCarriers
    = {"upload", "download", "reshape", "reshape-fix", "flatten", "squeeze", "identity", "transpose", "strided_slice",
        "strided_slice-fix", "fix2float", "tile-fix", "gstiling", "placeholder", "pixel-shuffle-fix", "reorg-fix"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kTorchNames = {{
    {"relu", "ReLU"},
    {"relu6", "ReLU6"},
    {"leaky-relu", "LeakyReLU"},
    {"leakyrelu", "LeakyReLU"},
    {"sigmoid", "Sigmoid"},
    {"tanh", "Tanh"},
    {"hard-sigmoid", "Hardsigmoid"},
    {"hard-swish", "Hardswish"},
    {"hard-tanh", "Hardtanh"},
    {"gelu", "GELU"},
    {"elu", "ELU"},
    {"softmax", "Softmax"},
    {"maxpool1d", "MaxPool1d"},
    {"maxpool2d", "MaxPool2d"},
    {"avgpool2d", "AvgPool2d"},
    {"concat", "Cat"},
    {"add", "EltwiseAdd"},
    {"eltwise", "EltwiseAdd"},
    {"resize", "Upsample"},
    {"upsample", "Upsample"},
    {"data", "Identity"},
    {"float2fix", "Identity"},
}};

std::string_view withoutFix(std::string_view type)
{
    constexpr std::string_view kEnd = "-fix";
    return type.ends_with(kEnd) ? type.substr(0, type.size() - kEnd.size()) : type;
}

std::string textOf(const Node &node, std::string_view name)
{
    const Attribute *found = node.attribute(name);
    return found != nullptr && found->kind == Attribute::Kind::String ? found->s : std::string();
}

std::optional<std::int64_t> numberOf(const Node &node, const std::string &name)
{
    const Attribute *found = node.attribute(name);
    return found != nullptr && found->kind == Attribute::Kind::Int ? std::optional(found->i) : std::nullopt;
}

constexpr std::string_view kOfTensor = "tensor.";

std::optional<ReadFix> readFix(const Node &node, std::string_view before)
{
    const auto named = [&](const char *name) { return std::string(before) + name; };
    const auto fixPoint = numberOf(node, named("fix_point")), bitWidth = numberOf(node, named("bit_width"));
    if (!fixPoint || !bitWidth)
        return std::nullopt;
    ReadFix out;
    out.fixPoint = *fixPoint;
    out.bitWidth = *bitWidth;
    if (const auto isSigned = numberOf(node, named("if_signed")))
        out.isSigned = *isSigned != 0;
    out.roundMode = textOf(node, named("round_mode"));
    out.ofTensor = !before.empty();
    return out;
}

} // namespace

XirGraph::XirGraph(const ModelFile &file)
    : m_file(file)
    , m_graph(*file.graph)
    , m_fromConstants(file.graph->nodes.size(), false)
{
    const auto origin = file.metadata.find("origin");
    m_ofTensorFlow = origin != file.metadata.end() && origin->second.starts_with("tensorflow");
    sortNodes();
    for (const NodeId id : m_order) {
        const auto known = [&](ValueId value) {
            const auto from = producer(value);
            return from && m_fromConstants[*from];
        };
        const Node &node = m_graph.nodes[id];
        m_fromConstants[id] = isConstant(id) || (!node.inputs.empty() && std::ranges::all_of(node.inputs, known));
    }
}

void XirGraph::sortNodes()
{
    Successors successors(m_graph.nodes.size());
    std::vector<std::uint32_t> ranks;
    for (NodeId id = 0; id < m_graph.nodes.size(); ++id) {
        ranks.push_back(id + 1);
        for (const ValueId input : m_graph.nodes[id].inputs)
            if (const auto from = producer(input))
                successors[*from].push_back(id);
    }
    m_order = topologicalOrder(successors, ranks).nodes;
}

bool XirGraph::isType(NodeId id, std::string_view type) const { return withoutFix(node(id).opType) == type; }

bool XirGraph::isCarrier(NodeId id) const { return std::ranges::find(kCarriers, node(id).opType) != kCarriers.end(); }

const XirOperator *XirGraph::findOperator(NodeId id) const
{
    const auto found = std::ranges::find(kXirOperators, withoutFix(node(id).opType), &XirOperator::type);
    return found == kXirOperators.end() ? nullptr : &*found;
}

std::optional<ReadFix> XirGraph::fixOf(NodeId id) const
{
    const bool ofOperator = isQuantizer(id) || node(id).opType == "fix2float";
    auto found = ofOperator ? readFix(node(id), "") : readFix(node(id), kOfTensor);
    return found || !isQuantizer(id) ? found : readFix(node(id), kOfTensor);
}

std::vector<ValueId> XirGraph::argument(NodeId id, std::string_view name) const
{
    std::vector<ValueId> out;
    const Node &op = node(id);
    const Attribute *names = op.attribute("arguments");
    for (std::size_t i = 0; names != nullptr && i < std::min(op.inputs.size(), names->strings.size()); ++i)
        if (names->strings[i] == name)
            out.push_back(op.inputs[i]);
    return out;
}

std::optional<NodeId> XirGraph::producer(ValueId value) const
{
    const Value *found = m_graph.value(value);
    return found == nullptr ? std::nullopt : found->producer;
}

std::optional<NodeId> XirGraph::onlyConsumer(NodeId id) const
{
    const Value &made = m_graph.values[node(id).outputs[0]];
    return made.consumers.size() == 1 ? std::optional(made.consumers[0]) : std::nullopt;
}

std::vector<std::int64_t> XirGraph::dims(NodeId id) const
{
    const Attribute *found = node(id).attribute("tensor.dims");
    return found == nullptr ? std::vector<std::int64_t>() : found->ints;
}

std::string XirGraph::text(NodeId id, std::string_view attribute) const { return textOf(node(id), attribute); }

std::optional<std::size_t> XirGraph::tensor(NodeId id) const
{
    const Attribute *found = node(id).attribute("data");
    return found == nullptr ? std::nullopt : found->tensor;
}

std::string XirGraph::shortName(const std::string &name) const
{
    const std::string before = m_graph.name + "__";
    return name.starts_with(before) && name.size() > before.size() ? name.substr(before.size()) : name;
}

std::string operatorKind(const Node &node)
{
    const std::string_view type = withoutFix(node.opType);
    if (type == "pool")
        return textOf(node, "type") == "AVG" ? "AvgPool2d" : "MaxPool2d";
    if (type == "eltwise" && textOf(node, "type") == "MUL")
        return "EltwiseMul";
    const auto found = std::ranges::find(kTorchNames, type, &std::pair<std::string_view, std::string_view>::first);
    return std::string(found == kTorchNames.end() ? type : found->second);
}

} // namespace quantscope::vitis
