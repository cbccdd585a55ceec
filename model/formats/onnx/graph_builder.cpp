#include "formats/onnx/graph_builder.h"

#include "base/text.h"
#include "formats/onnx/tensor_proto.h"

#include <fmt/format.h>

namespace quantscope::onnx {

ValueId GraphBuilder::newValue(const std::string &name, Scope &scope)
{
    const auto id = static_cast<ValueId>(m_graph.values.size());
    if (id == kNoValue)
        throw ParseError("the graph has too many edges");
    Value value;
    value.name = name;
    m_graph.values.push_back(std::move(value));
    scope.values.emplace(name, id);
    return id;
}

std::optional<ValueId> GraphBuilder::find(const std::string &name, const Scope &scope) const
{
    for (const Scope *s = &scope; s != nullptr; s = s->outer)
        if (const auto found = s->values.find(name); found != s->values.end())
            return found->second;
    return std::nullopt;
}

ValueId GraphBuilder::require(const std::string &name, Scope &scope, const std::string &reader)
{
    if (const auto found = find(name, scope))
        return *found;
    m_context.report("value-undefined", Severity::Warning, "",
        fmt::format("'{}' reads '{}', which nothing in the file defines.", printable(reader), printable(name)));
    return newValue(name, scope);
}

void GraphBuilder::defineInputs(const RawGraph &raw, Scope &scope)
{
    for (const std::string &name : raw.inputs) {
        const auto known = scope.values.find(name);
        const ValueId id = known != scope.values.end() ? known->second : newValue(name, scope);
        m_graph.values[id].graphInput = true;
        if (scope.path.empty())
            m_graph.inputs.push_back(id);
    }
}

void GraphBuilder::defineInitializers(const RawGraph &raw, Scope &scope)
{
    for (std::size_t i = 0; i < raw.initializers.size(); ++i) {
        const std::string &name = raw.initializerNames[i];
        const auto known = scope.values.find(name);
        const ValueId id = known != scope.values.end() ? known->second : newValue(name, scope);
        if (m_graph.values[id].tensor) {
            m_context.report("initializer-twice", Severity::Warning, scopedName(scope.path, name),
                fmt::format("Tensor '{}' is defined twice; the first one is shown.", printable(name)));
            continue;
        }
        // An initializer that is also a graph input is its default (all of them before IR version 4).
        m_graph.values[id].tensor = raw.initializers[i];
    }
}

void GraphBuilder::defineNodeOutput(const RawNode &node, std::size_t output, Scope &scope, std::optional<NodeId> id)
{
    const std::string &name = node.outputs[output];
    const auto known = scope.values.find(name);
    const ValueId value = known != scope.values.end() ? known->second : newValue(name, scope);
    if (known != scope.values.end()) {
        const Value &first = m_graph.values[value];
        if (first.producer || first.tensor || first.graphInput) {
            m_context.report("value-twice", Severity::Warning, "",
                fmt::format("'{}' is defined twice; the first definition counts.", printable(name)));
            if (id)
                m_graph.nodes[*id].outputs.push_back(kNoValue);
            return;
        }
    }
    if (id) {
        m_graph.values[value].producer = *id;
        m_graph.nodes[*id].outputs.push_back(value);
    } else {
        m_graph.values[value].tensor = node.constant;
    }
}

void GraphBuilder::defineOutputs(const RawGraph &raw, Scope &scope, std::vector<std::optional<NodeId>> &ids)
{
    for (const RawNode &rawNode : raw.nodes) {
        std::optional<NodeId> id;
        if (!rawNode.constant) {
            id = static_cast<NodeId>(m_graph.nodes.size());
            Node node;
            node.name = rawNode.name;
            node.opType = rawNode.opType;
            node.domain = rawNode.domain;
            node.scope = scope.path;
            node.attributes = rawNode.attributes;
            m_graph.nodes.push_back(std::move(node));
        }
        ids.push_back(id);
        for (std::size_t output = 0; output < rawNode.outputs.size(); ++output)
            if (!rawNode.outputs[output].empty())
                defineNodeOutput(rawNode, output, scope, id);
            else if (id)
                m_graph.nodes[*id].outputs.push_back(kNoValue);
    }
}

void GraphBuilder::connect(const RawNode &raw, NodeId id, Scope &scope)
{
    const std::string reader = raw.name.empty() ? raw.opType : raw.name;
    for (const std::string &name : raw.inputs) {
        const ValueId value = name.empty() ? kNoValue : require(name, scope, reader);
        m_graph.nodes[id].inputs.push_back(value);
        if (value == kNoValue)
            continue;
        std::vector<NodeId> &consumers = m_graph.values[value].consumers;
        if (consumers.empty() || consumers.back() != id)
            consumers.push_back(id);
    }
}

void GraphBuilder::annotate(const RawGraph &raw, Scope &scope)
{
    for (const auto &[name, datatype] : raw.finnDatatypes)
        if (const auto value = find(name, scope))
            m_graph.values[*value].finnDatatype = datatype;
}

void GraphBuilder::add(const RawGraph &raw, Scope &scope, std::uint32_t depth)
{
    if (depth > m_context.request.limits.graphDepth)
        throw ParseError(fmt::format("graphs are nested deeper than {} levels", m_context.request.limits.graphDepth));
    defineInputs(raw, scope);
    defineInitializers(raw, scope);
    std::vector<std::optional<NodeId>> ids;
    defineOutputs(raw, scope, ids);
    // Definitions before uses: the nodes of a file need not be sorted.
    for (std::size_t i = 0; i < raw.nodes.size(); ++i) {
        if (!ids[i])
            continue;
        connect(raw.nodes[i], *ids[i], scope);
        for (const auto &[attribute, message] : raw.nodes[i].subgraphs) {
            const RawNode &owner = raw.nodes[i];
            const std::string label = owner.name.empty() ? fmt::format("{}_{}", owner.opType, i) : owner.name;
            Scope inner{&scope, (scope.path.empty() ? "" : scope.path + "/") + label + "/" + attribute, {}};
            const RawGraph subgraph = readGraph(m_context, message, inner.path);
            add(subgraph, inner, depth + 1);
        }
    }
    annotate(raw, scope);
    for (const std::string &name : raw.outputs)
        if (scope.path.empty())
            m_graph.outputs.push_back(require(name, scope, "the graph's output"));
}

void GraphBuilder::addTop(const RawGraph &graph)
{
    m_graph.name = graph.name;
    Scope scope;
    add(graph, scope, 1);
}

void GraphBuilder::addFunction(const std::string &scopePath, const RawGraph &graph)
{
    Scope scope{nullptr, scopePath, {}};
    add(graph, scope, 1);
}

} // namespace quantscope::onnx
