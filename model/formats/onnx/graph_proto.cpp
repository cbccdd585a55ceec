#include "formats/onnx/graph_proto.h"

#include "base/text.h"
#include "formats/onnx/sparse_tensor.h"
#include "formats/onnx/tensor_proto.h"

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

/// Fields of onnx.proto's messages (IR version 13).
enum NodeField : std::uint32_t {
    kNodeInput = 1,
    kNodeOutput = 2,
    kNodeName = 3,
    kNodeOpType = 4,
    kNodeAttribute = 5,
    kNodeDomain = 7,
    kNodeOverload = 8
};
enum GraphField : std::uint32_t {
    kGraphNode = 1,
    kGraphName = 2,
    kGraphInitializer = 5,
    kGraphInput = 11,
    kGraphOutput = 12,
    kGraphValueInfo = 13,
    kGraphAnnotation = 14,
    kGraphSparse = 15,
};
enum FunctionField : std::uint32_t {
    kFunctionName = 1,
    kFunctionInput = 4,
    kFunctionOutput = 5,
    kFunctionNode = 7,
    kFunctionDomain = 10,
    kFunctionDefault = 11,
    kFunctionOverload = 13
};

std::size_t addTensor(Context &context, TensorInfo tensor)
{
    std::vector<TensorInfo> &tensors = context.file.tensors;
    if (tensors.size() >= context.request.limits.graphNodes)
        throw ParseError(fmt::format("the file has more than {} tensors", context.request.limits.graphNodes));
    tensors.push_back(std::move(tensor));
    return tensors.size() - 1;
}

/// A list that was too long to be kept would be another tensor.
void refuseCut(Context &context, TensorInfo &tensor)
{
    tensor.problem
        = fmt::format("is written as an attribute of more than {} numbers", context.request.limits.foldElements);
    context.report("tensor-unreadable", Severity::Error, tensor.name,
        fmt::format("Tensor '{}' cannot be read: {}.", printable(tensor.name), tensor.problem));
}

void addAttribute(Context &context, RawAttribute raw, const std::string &scope, RawNode &node)
{
    Attribute &a = raw.attribute;
    const bool constant = node.opType == "Constant" && node.domain.empty() && !node.outputs.empty();
    // A Constant's tensor is known by the edge that it feeds; its own name is mostly empty.
    const std::string label = constant ? node.outputs[0] : node.name + "/" + a.name;
    if (!raw.tensor.empty())
        a.tensor = addTensor(context, readTensor(context, raw.tensor, label, scope));
    else if (!raw.sparse.empty())
        a.tensor = addTensor(context, readSparseTensor(context, raw.sparse, label, scope));
    for (std::size_t i = 0; i < raw.tensors.size(); ++i)
        addTensor(context, readTensor(context, raw.tensors[i], fmt::format("{}[{}]", label, i), scope));
    if (constant && a.tensor) {
        node.constant = a.tensor;
    } else if (constant && raw.reference.empty()) {
        if (auto tensor = constantOf(a, scopedName(scope, label))) {
            if (raw.cut)
                refuseCut(context, *tensor);
            node.constant = addTensor(context, std::move(*tensor));
        }
    }
    if (!raw.graph.empty())
        node.subgraphs.emplace_back(a.name, raw.graph);
    for (std::size_t i = 0; i < raw.graphs.size(); ++i)
        node.subgraphs.emplace_back(fmt::format("{}[{}]", a.name, i), raw.graphs[i]);
    if (!raw.reference.empty())
        node.references.emplace_back(node.attributes.size(), std::move(raw.reference));
    node.attributes.push_back(std::move(a));
}

RawNode readNode(Context &context, const Message &message, const std::string &scope)
{
    if (++context.nodeCount > context.request.limits.graphNodes)
        throw ParseError(
            fmt::format("the graph has more than {} nodes", context.request.limits.graphNodes), message.front().begin);
    RawNode node;
    std::vector<Range> attributes;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.type != WireType::Bytes)
            return;
        switch (field.number) {
        case kNodeInput: node.inputs.push_back(textOf(context, field)); break;
        case kNodeOutput: node.outputs.push_back(textOf(context, field)); break;
        case kNodeName: node.name = textOf(context, field); break;
        case kNodeOpType: node.opType = textOf(context, field); break;
        case kNodeDomain: node.domain = textOf(context, field); break;
        case kNodeOverload: node.overload = textOf(context, field); break;
        case kNodeAttribute: attributes.push_back(field.bytes); break;
        default: break;
        }
    });
    if (node.domain == "ai.onnx")
        node.domain.clear();
    // Attributes last: what a Constant's tensor is called depends on the outputs, and fields come in any order.
    for (const Range &range : attributes)
        addAttribute(context, readAttribute(context, range), scope, node);
    return node;
}

/// Axes of TypeProto.tensor_type.shape; nothing without a shape.
std::optional<std::size_t> rankOf(Context &context, const Message &type)
{
    Message tensorType, shape;
    forEachField(context.window, type, [&](const Field &part) {
        if (part.isBytes(1))
            tensorType.push_back(part.bytes);
    });
    forEachField(context.window, tensorType, [&](const Field &part) {
        if (part.isBytes(2))
            shape.push_back(part.bytes);
    });
    std::size_t rank = 0;
    forEachField(context.window, shape, [&](const Field &part) { rank += part.isBytes(1) ? 1u : 0u; });
    return shape.empty() ? std::nullopt : std::optional(rank);
}

/// ValueInfoProto: its name and number of axes.
std::string readValueInfo(Context &context, const Field &field, RawGraph &graph)
{
    std::string name;
    Message type;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            name = textOf(context, part);
        else if (part.isBytes(2))
            type.push_back(part.bytes);
    });
    if (const auto rank = rankOf(context, type))
        graph.ranks.emplace_back(name, *rank);
    return name;
}

void readAnnotation(Context &context, const Field &field, RawGraph &graph)
{
    RawAnnotation out;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            out.tensor = textOf(context, part);
        if (!part.isBytes(2))
            return;
        std::string key, value;
        forEachField(context.window, {part.bytes}, [&](const Field &entry) {
            if (entry.isBytes(1))
                key = textOf(context, entry);
            else if (entry.isBytes(2))
                value = textOf(context, entry);
        });
        if (key == "finn_datatype")
            out.finnDatatype = value;
        else if (key == "SCALE_TENSOR")
            out.scale = value;
        else if (key == "ZERO_POINT_TENSOR")
            out.zeroPoint = value;
    });
    if (!out.finnDatatype.empty() || !out.scale.empty() || !out.zeroPoint.empty())
        graph.annotations.push_back(std::move(out));
}

void addInitializer(Context &context, TensorInfo tensor, const std::string &scope, RawGraph &graph)
{
    graph.initializerNames.push_back(scope.empty() ? tensor.name : tensor.name.substr(scope.size() + 1));
    graph.initializers.push_back(addTensor(context, std::move(tensor)));
}

} // namespace

RawGraph readGraph(Context &context, const Message &message, const std::string &scope)
{
    RawGraph graph;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.type != WireType::Bytes)
            return;
        switch (field.number) {
        case kGraphNode: graph.nodes.push_back(readNode(context, {field.bytes}, scope)); break;
        case kGraphName: graph.name = textOf(context, field); break;
        case kGraphInitializer:
            addInitializer(context, readTensor(context, {field.bytes}, "", scope), scope, graph);
            break;
        case kGraphSparse:
            addInitializer(context, readSparseTensor(context, {field.bytes}, "", scope), scope, graph);
            break;
        case kGraphInput: graph.inputs.push_back(readValueInfo(context, field, graph)); break;
        case kGraphOutput: graph.outputs.push_back(readValueInfo(context, field, graph)); break;
        case kGraphValueInfo: readValueInfo(context, field, graph); break;
        case kGraphAnnotation: readAnnotation(context, field, graph); break;
        default: return;
        }
        context.request.progress.step(field.bytes.end, context.window.size());
    });
    return graph;
}

RawFunction readFunction(Context &context, const Message &message)
{
    RawFunction out;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.isBytes(kFunctionName))
            out.body.name = textOf(context, field);
        else if (field.isBytes(kFunctionDomain))
            out.domain = textOf(context, field);
        else if (field.isBytes(kFunctionOverload))
            out.overload = textOf(context, field);
    });
    if (out.domain == "ai.onnx")
        out.domain.clear();
    const std::string scope = functionScope(out);
    RawNode defaults;
    defaults.name = scope;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.isBytes(kFunctionInput))
            out.body.inputs.push_back(textOf(context, field));
        else if (field.isBytes(kFunctionOutput))
            out.body.outputs.push_back(textOf(context, field));
        else if (field.isBytes(kFunctionNode))
            out.body.nodes.push_back(readNode(context, {field.bytes}, scope));
        else if (field.isBytes(kFunctionDefault))
            addAttribute(context, readAttribute(context, field.bytes), "", defaults);
    });
    out.defaults = std::move(defaults.attributes);
    return out;
}

std::string functionScope(const RawFunction &function) { return "function " + function.body.name; }

} // namespace quantscope::onnx
