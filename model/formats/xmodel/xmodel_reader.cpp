#include "formats/xmodel/xmodel_reader.h"

#include "base/checked.h"
#include "base/text.h"
#include "formats/xmodel/xir_proto.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

using namespace xir;

constexpr std::string_view kEnding = ".xmodel";
constexpr const char *kOfOutput = "tensor.", *kArguments = "arguments";
constexpr const char *kNotStored = "is a constant without data: a compiled xmodel holds codes in the DPU's own order, "
                                   "inside its instructions; the *_int.xmodel that it was compiled from has them";

/// XIR's DataType::Type (xir/util/data_type.hpp).
enum XirType : std::int64_t { kInt = 0, kUint = 1, kXint = 2, kXuint = 3, kFloatType = 4 };

DType elementType(const RawTensor &tensor)
{
    const bool isFloat = tensor.dataType == kFloatType;
    const bool isUnsigned = tensor.dataType == kUint || tensor.dataType == kXuint;
    if (tensor.dataType < kInt || tensor.dataType > kFloatType)
        return DType::Unknown;
    switch (tensor.bitWidth) {
    case 8: return isFloat ? DType::Unknown : isUnsigned ? DType::UInt8 : DType::Int8;
    case 16: return isFloat ? DType::Float16 : isUnsigned ? DType::UInt16 : DType::Int16;
    case 32: return isFloat ? DType::Float32 : isUnsigned ? DType::UInt32 : DType::Int32;
    case 64: return isFloat ? DType::Float64 : isUnsigned ? DType::UInt64 : DType::Int64;
    default: return DType::Unknown;
    }
}

bool isConstant(const RawOperator &op) { return op.type == "const" || op.type == "const-fix"; }

/// One use: run().
class XmodelBuilder {
public:
    XmodelBuilder(const ReadRequest &request, onnx::WireWindow &window, Budget &budget)
        : m_request(request)
        , m_proto(window, budget)
        , m_budget(budget)
    {
    }

    ModelFile run()
    {
        const RawXmodel top = m_proto.top();
        if (top.operators.empty())
            throw ParseError("holds no operator, so it is no xmodel of Vitis AI");
        if (top.operators.size() > m_request.limits.graphNodes)
            throw ParseError(fmt::format("has more than {} operators", m_request.limits.graphNodes));
        m_file.format = "xmodel";
        m_file.metadata["graph"] = printable(top.name);
        for (const Attribute &attribute : top.attributes)
            if (attribute.kind == Attribute::Kind::String)
                m_file.metadata[attribute.name] = attribute.s;
        Graph &graph = m_file.graph.emplace();
        graph.name = top.name;
        for (const onnx::Range &range : top.operators)
            addOperator(m_proto.oneOperator(range));
        connectAll();
        return std::move(m_file);
    }

private:
    void addOperator(RawOperator op)
    {
        if (op.type.empty())
            throw ParseError(fmt::format("operator '{}' has no type", printable(op.name)));
        m_budget.charge(sizeof(Node) + sizeof(Value) + 2 * op.name.size() + 16, "the operators of the xmodel");
        Graph &graph = *m_file.graph;
        const auto id = static_cast<NodeId>(graph.nodes.size());
        const auto value = static_cast<ValueId>(graph.values.size());
        Value &made = graph.values.emplace_back();
        made.name = op.name;
        made.producer = id;
        made.rank = op.tensor.dims.size();
        if (!m_values.emplace(op.name, value).second)
            report("operator-twice", Severity::Warning,
                fmt::format("operator '{}' is there twice; the first one is read by others", printable(op.name)));
        Node &node = graph.nodes.emplace_back();
        node.name = op.name;
        node.opType = op.type;
        node.domain = "xir";
        node.outputs = {value};
        addAttributes(node, op);
        if (isConstant(op))
            addData(node, op);
        m_arguments.push_back(std::move(op.arguments));
    }

    void addAttributes(Node &node, RawOperator &op)
    {
        node.attributes = std::move(op.attributes);
        for (Attribute &attribute : node.attributes)
            if (attribute.name.starts_with(kOfOutput) || attribute.name == kArguments)
                attribute.name.insert(0, "op."); // those names are given here
        for (Attribute &attribute : op.tensor.attributes) {
            attribute.name.insert(0, kOfOutput);
            node.attributes.push_back(std::move(attribute));
        }
        Attribute dims;
        dims.name = "tensor.dims";
        dims.kind = Attribute::Kind::Ints;
        dims.ints = op.tensor.dims;
        node.attributes.push_back(std::move(dims));
        Attribute name;
        name.name = "tensor.name";
        name.kind = Attribute::Kind::String;
        name.s = op.tensor.name;
        node.attributes.push_back(std::move(name));
        m_budget.charge(2 * sizeof(Attribute), "the operators of the xmodel");
    }

    void addData(Node &node, const RawOperator &op)
    {
        m_budget.charge(sizeof(TensorInfo) + sizeof(Attribute), "the constants of the xmodel");
        TensorInfo tensor;
        tensor.name = op.name;
        tensor.dtype = elementType(op.tensor);
        tensor.shape = op.tensor.dims;
        const std::uint64_t count = elementCount(tensor.shape, m_request.limits);
        const std::uint64_t bytes = op.data ? op.data->size() : 0;
        if (tensor.dtype == DType::Unknown)
            tensor.problem
                = fmt::format("has the unknown element type {} of {} bits", op.tensor.dataType, op.tensor.bitWidth);
        else if (bytes == 0 && count != 0)
            tensor.problem = kNotStored;
        else if (bytes != checkedMul(count, dtypeBits(tensor.dtype) / 8, "the data of a constant"))
            tensor.problem = fmt::format("has {} bytes for {} elements of {}", bytes, count, dtypeName(tensor.dtype));
        else
            tensor.storage = {m_request.source, op.data ? op.data->begin : 0, bytes, false, m_file.tensors.size() + 1};
        if (!tensor.problem.empty() && tensor.problem != kNotStored)
            report("tensor-unreadable", Severity::Error,
                fmt::format("constant '{}' {}", printable(op.name), tensor.problem), op.name);
        Attribute data;
        data.name = "data";
        data.kind = Attribute::Kind::Tensor;
        data.tensor = m_file.tensors.size();
        node.attributes.push_back(std::move(data));
        m_file.tensors.push_back(std::move(tensor));
    }

    void connectAll()
    {
        Graph &graph = *m_file.graph;
        for (NodeId id = 0; id < graph.nodes.size(); ++id) {
            Attribute names;
            names.name = kArguments;
            names.kind = Attribute::Kind::Strings;
            for (const RawArgument &argument : m_arguments[id])
                for (const std::string &from : argument.operators) {
                    names.strings.push_back(argument.name);
                    connect(graph, id, from);
                }
            graph.nodes[id].attributes.push_back(std::move(names));
        }
    }

    void connect(Graph &graph, NodeId id, const std::string &from)
    {
        const auto found = m_values.find(from);
        ValueId value = kNoValue;
        if (found != m_values.end()) {
            value = found->second;
        } else if (m_undefined.insert(from).second) {
            report("value-undefined", Severity::Warning,
                fmt::format("'{}' reads '{}', which nothing in the file defines", printable(graph.nodes[id].name),
                    printable(from)));
        }
        graph.nodes[id].inputs.push_back(value);
        if (value == kNoValue)
            return;
        std::vector<NodeId> &consumers = graph.values[value].consumers;
        if (consumers.empty() || consumers.back() != id)
            consumers.push_back(id);
    }

    void report(const char *rule, Severity severity, std::string text, std::string tensor = {})
    {
        constexpr std::size_t kMost = 1000;
        if (m_file.diagnostics.size() < kMost)
            m_file.diagnostics.push_back({rule, severity, std::move(tensor), std::move(text)});
    }

    const ReadRequest &m_request;
    XirProto m_proto;
    Budget &m_budget;
    ModelFile m_file;
    std::unordered_map<std::string, ValueId> m_values;
    std::unordered_set<std::string> m_undefined;
    std::vector<std::vector<RawArgument>> m_arguments; ///< one list a node
};

/// Lines of a text that is nothing but the path of another file; empty for what is none.
std::string linkedPath(std::string_view head)
{
    constexpr std::size_t kLongestPath = 1024;
    while (!head.empty() && (head.back() == '\n' || head.back() == '\r' || head.back() == ' '))
        head.remove_suffix(1);
    const bool isLine = !head.empty() && head.size() <= kLongestPath && isUtf8(head)
        && std::ranges::none_of(head, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return isLine ? std::string(head) : std::string();
}

} // namespace

bool looksLikeXmodel(std::span<const std::byte> head, const ReadRequest &request)
{
    if (request.path.ends_with(kEnding))
        return true; // gets its reader's exact complaint
    if (request.path.ends_with(".onnx"))
        return false; // and so does a damaged one of these
    const MemorySource source(std::vector<std::byte>(head.begin(), head.end()));
    onnx::WireWindow window(source);
    onnx::FieldWalker walker(window, {0, request.source ? request.source->size() : head.size()});
    constexpr std::uint32_t kGraphName = 1, kOperator = 5;
    try {
        onnx::Field field;
        bool named = false;
        while (walker.offset() < head.size() && walker.next(field)) {
            if (field.isBytes(kOperator))
                return true;
            if (!field.isBytes(kGraphName) || std::exchange(named, true))
                return false; // many fields 1 are the nodes of a TensorFlow graph
        }
    } catch (const ParseError &) {
        return false;
    }
    return false;
}

ModelFile readXmodel(const ReadRequest &request)
{
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    onnx::WireWindow window(*request.source);
    return XmodelBuilder(request, window, budget).run();
}

bool looksLikeXmodelLink(std::span<const std::byte> head, const ReadRequest &request)
{
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    return request.path.ends_with(kEnding) && request.source && request.source->size() == head.size()
        && !linkedPath(text).empty();
}

ModelFile readXmodelLink(const ReadRequest &request)
{
    const auto bytes = request.source->bytes(0, request.source->size());
    throw ParseError(
        fmt::format("is a text that names '{}' in place of a model, as the Vitis AI Library lays them: open that file",
            printable(linkedPath({reinterpret_cast<const char *>(bytes.data()), bytes.size()}))));
}

} // namespace quantscope
