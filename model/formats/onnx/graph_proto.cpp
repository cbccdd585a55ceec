#include "formats/onnx/graph_proto.h"

#include "formats/onnx/tensor_proto.h"

#include <bit>

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
    kNodeDomain = 7
};
enum AttributeField : std::uint32_t {
    kAttrName = 1,
    kAttrF = 2,
    kAttrI = 3,
    kAttrS = 4,
    kAttrT = 5,
    kAttrG = 6,
    kAttrFloats = 7,
    kAttrInts = 8,
    kAttrStrings = 9,
    kAttrGraphs = 11,
    kAttrRefName = 21,
    kAttrSparse = 22,
};
enum GraphField : std::uint32_t {
    kGraphNode = 1,
    kGraphName = 2,
    kGraphInitializer = 5,
    kGraphInput = 11,
    kGraphOutput = 12,
    kGraphAnnotation = 14,
    kGraphSparse = 15,
};
enum FunctionField : std::uint32_t { kFunctionName = 1, kFunctionInput = 4, kFunctionOutput = 5, kFunctionNode = 7 };

/// An attribute as found; which of its fields is meant is decided by their presence, as old writers leave `type` out.
struct RawAttribute {
    Attribute attribute;
    Message tensor, graph;
    std::vector<Message> graphs;
    bool sparse = false;
};

/// Attributes of quantized operators hold a few numbers; a tree ensemble's millions are nobody's quantizer.
template <class T> void addBounded(Context &context, std::vector<T> &list, T value)
{
    if (list.size() < context.request.limits.foldElements)
        list.push_back(value);
}

void readLists(Context &context, const Field &field, RawAttribute &out)
{
    Attribute &a = out.attribute;
    if (field.number == kAttrFloats) {
        a.kind = Attribute::Kind::Floats;
        forEachFixed(context.window, field, 4, [&](std::uint64_t bits) {
            addBounded(context, a.floats, std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        });
    } else if (field.number == kAttrInts) {
        a.kind = Attribute::Kind::Ints;
        forEachVarint(
            context.window, field, [&](std::uint64_t v) { addBounded(context, a.ints, static_cast<std::int64_t>(v)); });
    } else if (field.isBytes(kAttrStrings)) {
        a.kind = Attribute::Kind::Strings;
        a.strings.push_back(textOf(context.window, field));
    } else if (field.isBytes(kAttrGraphs)) {
        a.kind = Attribute::Kind::Graph;
        out.graphs.push_back({field.bytes});
    }
}

void readAttributeField(Context &context, const Field &field, RawAttribute &out)
{
    Attribute &a = out.attribute;
    if (field.isBytes(kAttrName)) {
        a.name = textOf(context.window, field);
    } else if (field.is(kAttrF, WireType::Fixed32)) {
        a.kind = Attribute::Kind::Float;
        a.f = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    } else if (field.isVarint(kAttrI)) {
        a.kind = Attribute::Kind::Int;
        a.i = static_cast<std::int64_t>(field.value);
    } else if (field.isBytes(kAttrS)) {
        a.kind = Attribute::Kind::String;
        a.s = textOf(context.window, field);
    } else if (field.isBytes(kAttrT)) {
        a.kind = Attribute::Kind::Tensor;
        out.tensor.push_back(field.bytes);
    } else if (field.isBytes(kAttrG)) {
        a.kind = Attribute::Kind::Graph;
        out.graph.push_back(field.bytes);
    } else if (field.isBytes(kAttrRefName)) {
        a.s = textOf(context.window, field); // the value comes from the call of the function
    } else if (field.isBytes(kAttrSparse)) {
        out.sparse = true;
    } else {
        readLists(context, field, out);
    }
}

/// Bytes of a MemorySource from numbers that an attribute holds.
template <class T> TensorInfo tensorOf(const std::vector<T> &values, bool scalar, DType dtype, std::string name)
{
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    if (!values.empty())
        std::memcpy(bytes.data(), values.data(), bytes.size());
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.dtype = dtype;
    if (!scalar)
        tensor.shape = {static_cast<std::int64_t>(values.size())};
    tensor.storage.bytes = bytes.size();
    tensor.storage.source = std::make_shared<MemorySource>(std::move(bytes));
    return tensor;
}

/// Constant's other spellings: value_float, value_floats, value_int, value_ints (operator set 12).
std::optional<TensorInfo> constantOf(const Attribute &a, const std::string &name)
{
    if (a.name == "value_float")
        return tensorOf(std::vector<float>{a.f}, true, DType::Float32, name);
    if (a.name == "value_floats")
        return tensorOf(a.floats, false, DType::Float32, name);
    if (a.name == "value_int")
        return tensorOf(std::vector<std::int64_t>{a.i}, true, DType::Int64, name);
    if (a.name == "value_ints")
        return tensorOf(a.ints, false, DType::Int64, name);
    return std::nullopt;
}

void addAttribute(Context &context, RawAttribute raw, const std::string &scope, RawNode &node)
{
    Attribute &a = raw.attribute;
    const bool constant = node.opType == "Constant" && !node.outputs.empty();
    const std::string output = constant ? node.outputs[0] : std::string();
    std::vector<TensorInfo> &tensors = context.file.tensors;
    if (!raw.tensor.empty()) {
        // A Constant's tensor is known by the edge that it feeds; its own name is mostly empty.
        const std::string label = constant ? output : node.name + "/" + a.name;
        a.tensor = tensors.size();
        tensors.push_back(readTensor(context, raw.tensor, label, scope));
        if (constant)
            node.constant = a.tensor;
    } else if (constant) {
        if (auto tensor = constantOf(a, scopedName(scope, output))) {
            node.constant = tensors.size();
            tensors.push_back(std::move(*tensor));
        }
    }
    if (!raw.graph.empty())
        node.subgraphs.emplace_back(a.name, raw.graph);
    for (std::size_t i = 0; i < raw.graphs.size(); ++i)
        node.subgraphs.emplace_back(fmt::format("{}[{}]", a.name, i), raw.graphs[i]);
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
        case kNodeInput: node.inputs.push_back(textOf(context.window, field)); break;
        case kNodeOutput: node.outputs.push_back(textOf(context.window, field)); break;
        case kNodeName: node.name = textOf(context.window, field); break;
        case kNodeOpType: node.opType = textOf(context.window, field); break;
        case kNodeDomain: node.domain = textOf(context.window, field); break;
        case kNodeAttribute: attributes.push_back(field.bytes); break;
        default: break;
        }
    });
    if (node.domain == "ai.onnx")
        node.domain.clear();
    // Attributes last: what a Constant's tensor is called depends on the outputs, and fields come in any order.
    for (const Range &range : attributes) {
        RawAttribute raw;
        forEachField(context.window, {range}, [&](const Field &field) { readAttributeField(context, field, raw); });
        addAttribute(context, std::move(raw), scope, node);
    }
    return node;
}

/// ValueInfoProto: only its name matters.
std::string valueInfoName(Context &context, const Field &field)
{
    std::string name;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            name = textOf(context.window, part);
    });
    return name;
}

void readAnnotation(Context &context, const Field &field, RawGraph &graph)
{
    std::string tensor, datatype;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            tensor = textOf(context.window, part);
        if (!part.isBytes(2))
            return;
        std::string key, value;
        forEachField(context.window, {part.bytes}, [&](const Field &entry) {
            if (entry.isBytes(1))
                key = textOf(context.window, entry);
            else if (entry.isBytes(2))
                value = textOf(context.window, entry);
        });
        if (key == "finn_datatype")
            datatype = value;
    });
    if (!datatype.empty())
        graph.finnDatatypes.emplace_back(tensor, datatype);
}

void addInitializer(Context &context, TensorInfo tensor, const std::string &scope, RawGraph &graph)
{
    std::vector<TensorInfo> &tensors = context.file.tensors;
    if (tensors.size() >= context.request.limits.graphNodes)
        throw ParseError(fmt::format("the file has more than {} tensors", context.request.limits.graphNodes));
    graph.initializers.push_back(tensors.size());
    graph.initializerNames.push_back(scope.empty() ? tensor.name : tensor.name.substr(scope.size() + 1));
    tensors.push_back(std::move(tensor));
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
        case kGraphName: graph.name = textOf(context.window, field); break;
        case kGraphInitializer:
            addInitializer(context, readTensor(context, {field.bytes}, "", scope), scope, graph);
            break;
        case kGraphSparse:
            addInitializer(context, readSparseTensor(context, {field.bytes}, scope), scope, graph);
            break;
        case kGraphInput: graph.inputs.push_back(valueInfoName(context, field)); break;
        case kGraphOutput: graph.outputs.push_back(valueInfoName(context, field)); break;
        case kGraphAnnotation: readAnnotation(context, field, graph); break;
        default: return;
        }
        context.request.progress.step(field.bytes.end, context.window.size());
    });
    return graph;
}

std::pair<std::string, RawGraph> readFunction(Context &context, const Message &message)
{
    RawGraph graph;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.isBytes(kFunctionName))
            graph.name = textOf(context.window, field);
    });
    const std::string scope = "function " + graph.name;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.isBytes(kFunctionInput))
            graph.inputs.push_back(textOf(context.window, field));
        else if (field.isBytes(kFunctionOutput))
            graph.outputs.push_back(textOf(context.window, field));
        else if (field.isBytes(kFunctionNode))
            graph.nodes.push_back(readNode(context, {field.bytes}, scope));
    });
    return {scope, std::move(graph)};
}

} // namespace quantscope::onnx
