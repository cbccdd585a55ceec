#include "formats/onnx/graph_builder.h"

#include "base/text.h"
#include "formats/onnx/function_calls.h"
#include "formats/onnx/tensor_proto.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

std::string labelOf(const RawNode &node, std::size_t index)
{
    return node.name.empty() ? fmt::format("{}_{}", node.opType, index) : node.name;
}

} // namespace

GraphBuilder::GraphBuilder(Context &context, const std::vector<RawFunction> &functions)
    : m_context(context)
{
    for (const RawFunction &function : functions) {
        Function &added = m_functions.emplace_back(Function{&function, costOf(function.body)});
        if (!m_byName.emplace(std::tuple(function.domain, function.body.name, function.overload), &added).second)
            m_context.report("function-twice", Severity::Warning, "",
                fmt::format("Function '{}' is defined twice; the first one is called.", printable(function.body.name)));
    }
}

GraphBuilder::Scope &GraphBuilder::newScope(Scope scope)
{
    m_scopes.push_back(std::move(scope));
    m_scopes.back().path = pathOf(m_scopes.back());
    return m_scopes.back();
}

/// A function that is called once needs no more than its name.
std::string GraphBuilder::pathOf(const Scope &scope) const
{
    const std::string before = scope.holder == nullptr || scope.holder->path.empty() ? "" : scope.holder->path + "/";
    if (scope.function == nullptr)
        return before + scope.part;
    const std::string name = functionScope(*scope.function->raw);
    return scope.function->calls < 2 ? name : before + scope.part + "/" + name;
}

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
                fmt::format("The graph gives '{}' twice: the first one is shown and computed with, where ONNX Runtime "
                            "takes the "
                            "last. Write the one that is meant.",
                    printable(name)));
            continue;
        }
        // An initializer that is also a graph input is its default (all of them before IR version 4).
        m_graph.values[id].tensor = raw.initializers[i];
    }
}

void GraphBuilder::defineNodeOutput(const RawNode &node, std::size_t output, Scope &scope, std::optional<NodeId> id,
    std::optional<std::size_t> constant)
{
    const std::string &name = node.outputs[output];
    const ValueId value = scope.values.at(name);
    const Value &first = m_graph.values[value];
    if (first.producer || first.tensor || first.graphInput) {
        m_context.report("value-twice", Severity::Warning, "",
            fmt::format("'{}' is defined twice; the first definition counts.", printable(name)));
        if (id)
            m_graph.nodes[*id].outputs.push_back(kNoValue);
        return;
    }
    if (id) {
        m_graph.values[value].producer = *id;
        m_graph.nodes[*id].outputs.push_back(value);
    } else {
        m_graph.values[value].tensor = constant;
    }
}

/// Attributes with what the call of a function gives them; those that it gives nothing are absent.
std::vector<Attribute> GraphBuilder::resolved(const RawNode &node, const Scope &scope)
{
    std::vector<Attribute> out = node.attributes;
    for (const auto &[position, wanted] : node.references) {
        std::string name = out[position].name;
        const auto found = scope.call == nullptr ? CallAttributes::const_iterator()
                                                 : std::ranges::find(*scope.call, wanted, &Attribute::name);
        if (scope.call != nullptr && found != scope.call->end())
            out[position] = *found;
        else
            name.clear();
        out[position].name = std::move(name);
    }
    if (!node.references.empty())
        std::erase_if(out, [](const Attribute &a) { return a.name.empty(); });
    return out;
}

std::optional<std::size_t> GraphBuilder::constantOf(
    const RawNode &node, const std::vector<Attribute> &attributes, const Scope &scope)
{
    if (node.constant || node.references.empty() || node.opType != "Constant" || node.outputs.empty())
        return node.constant;
    for (const Attribute &attribute : attributes) {
        if (attribute.tensor)
            return attribute.tensor;
        if (auto tensor = onnx::constantOf(attribute, scopedName(scope.path, node.outputs[0]))) {
            m_context.file.tensors.push_back(std::move(*tensor));
            return m_context.file.tensors.size() - 1;
        }
    }
    return std::nullopt;
}

void GraphBuilder::defineNode(const RawNode &raw, std::size_t index, Scope &scope, std::vector<Made> &made)
{
    std::vector<Attribute> attributes = resolved(raw, scope);
    const std::optional<std::size_t> constant = constantOf(raw, attributes, scope);
    std::optional<NodeId> id;
    if (!constant) {
        id = static_cast<NodeId>(m_graph.nodes.size());
        Node node;
        node.name = raw.name;
        node.opType = raw.opType;
        node.domain = raw.domain;
        node.attributes = std::move(attributes);
        m_graph.nodes.push_back(std::move(node));
        m_scopeOf.push_back(&scope);
        made.push_back({&raw, *id, &scope, index});
    }
    for (std::size_t output = 0; output < raw.outputs.size(); ++output)
        if (!raw.outputs[output].empty())
            defineNodeOutput(raw, output, scope, id, constant);
        else if (id)
            m_graph.nodes[*id].outputs.push_back(kNoValue);
}

void GraphBuilder::defineNodes(const std::vector<RawNode> &nodes, Scope &scope, std::vector<Made> &made)
{
    // Names first: the nodes of a file need not be sorted.
    for (const RawNode &node : nodes)
        for (const std::string &output : node.outputs)
            if (!output.empty() && !scope.values.contains(output))
                newValue(output, scope);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (Function *function = calledBy(nodes[i], scope))
            expand(nodes[i], i, *function, scope, made);
        else
            defineNode(nodes[i], i, scope, made);
}

GraphBuilder::Function *GraphBuilder::calledBy(const RawNode &node, const Scope &scope)
{
    if (m_byName.empty())
        return nullptr;
    const auto found = m_byName.find(std::tuple(node.domain, node.opType, node.overload));
    if (found == m_byName.end())
        return nullptr;
    Function &function = *found->second;
    if (saysMoreThanItsBody(node.domain)) {
        sayUnfollowed(function);
        return nullptr;
    }
    const Limits &limits = m_context.request.limits;
    const std::uint64_t nodes = m_calledNodes + function.cost;
    const std::string why = function.active ? "calls itself"
        : scope.depth >= limits.graphDepth  ? fmt::format("is called through more than {} others", limits.graphDepth)
        : nodes > limits.calledNodes        ? "is called so often that its operators would take too much memory"
                                            : "";
    if (!why.empty()) {
        m_context.report("function-not-followed", Severity::Error, "",
            fmt::format("Function '{}' {}: what it computes for '{}' is not shown.", printable(function.raw->body.name),
                why, printable(node.name.empty() ? node.opType : node.name)));
        return nullptr;
    }
    m_calledNodes = nodes;
    return &function;
}

/// It may compute anything.
void GraphBuilder::sayUnfollowed(Function &function)
{
    if (std::exchange(function.said, true))
        return;
    const std::string &domain = function.raw->domain;
    m_context.report("function-of-known-operator", Severity::Note, "",
        fmt::format("The file has a function for {}, which is called: it is shown as the operator of that name is, "
                    "whatever the function computes.",
            domain.empty()
                ? fmt::format("ONNX' own operator '{}'", printable(function.raw->body.name))
                : fmt::format("the operator '{}' of {}", printable(function.raw->body.name), printable(domain))));
}

/// Names that a function's body has for what its call gives and gets.
void GraphBuilder::passOn(const RawNode &call, const Function &function, Scope &scope, Scope &body)
{
    const RawGraph &raw = function.raw->body;
    for (std::size_t i = 0; i < raw.inputs.size(); ++i) {
        const bool given = i < call.inputs.size() && !call.inputs[i].empty();
        body.values.emplace(
            raw.inputs[i], given ? require(call.inputs[i], scope, labelOf(call, 0)) : ValueId{kNoValue});
    }
    for (std::size_t i = 0; i < raw.outputs.size() && i < call.outputs.size(); ++i) {
        if (call.outputs[i].empty())
            continue;
        const ValueId wanted = scope.values.at(call.outputs[i]);
        const auto [known, isNew] = body.values.emplace(raw.outputs[i], wanted);
        if (isNew || m_graph.values[wanted].producer)
            continue;
        // It hands over what it was given, or one value twice.
        Node identity;
        identity.opType = "Identity";
        identity.outputs = {wanted};
        const auto id = static_cast<NodeId>(m_graph.nodes.size());
        m_graph.nodes.push_back(std::move(identity));
        m_scopeOf.push_back(&body);
        m_graph.values[wanted].producer = id;
        addInput(id, known->second);
    }
}

void GraphBuilder::expand(
    const RawNode &call, std::size_t index, Function &function, Scope &scope, std::vector<Made> &made)
{
    ++function.calls;
    if (!call.subgraphs.empty())
        m_context.report("function-graph-not-shown", Severity::Warning, "",
            fmt::format("'{}' hands a graph to function '{}', which is not shown.", printable(labelOf(call, index)),
                printable(function.raw->body.name)));
    CallAttributes &attributes = m_calls.emplace_back(resolved(call, scope));
    for (const Attribute &missing : function.raw->defaults)
        if (std::ranges::find(attributes, missing.name, &Attribute::name) == attributes.end())
            attributes.push_back(missing);
    Scope &body = newScope({nullptr, &scope, labelOf(call, index), &function, &attributes, scope.depth + 1});
    passOn(call, function, scope, body);
    function.active = true;
    defineNodes(function.raw->body.nodes, body, made);
    function.active = false;
}

void GraphBuilder::addInput(NodeId id, ValueId value)
{
    m_graph.nodes[id].inputs.push_back(value);
    if (value == kNoValue)
        return;
    std::vector<NodeId> &consumers = m_graph.values[value].consumers;
    if (consumers.empty() || consumers.back() != id)
        consumers.push_back(id);
}

void GraphBuilder::connect(const RawNode &raw, NodeId id, Scope &scope)
{
    const std::string reader = raw.name.empty() ? raw.opType : raw.name;
    for (const std::string &name : raw.inputs)
        addInput(id, name.empty() ? kNoValue : require(name, scope, reader));
}

void GraphBuilder::annotate(const RawGraph &raw, Scope &scope)
{
    const auto named
        = [&](const std::string &name) { return name.empty() ? kNoValue : require(name, scope, "an annotation"); };
    for (const RawAnnotation &annotation : raw.annotations)
        if (const auto id = find(annotation.tensor, scope); id && *id != kNoValue) {
            const ValueId scale = named(annotation.scale), zeroPoint = named(annotation.zeroPoint);
            Value &value = m_graph.values[*id];
            value.finnDatatype = annotation.finnDatatype.empty() ? value.finnDatatype : annotation.finnDatatype;
            value.scale = scale == kNoValue ? value.scale : scale;
            value.zeroPoint = zeroPoint == kNoValue ? value.zeroPoint : zeroPoint;
        }
    for (const auto &[name, rank] : raw.ranks)
        if (const auto found = scope.values.find(name); found != scope.values.end() && found->second != kNoValue)
            m_graph.values[found->second].rank = rank;
}

void GraphBuilder::addSubgraphs(const Made &made)
{
    for (const auto &[attribute, message] : made.raw->subgraphs) {
        Scope &inner = newScope({made.scope, made.scope, labelOf(*made.raw, made.index) + "/" + attribute, nullptr,
            made.scope->call, made.scope->depth + 1});
        const std::uint64_t textBefore = m_context.textBytes;
        const RawGraph subgraph = readGraph(m_context, message, inner.path);
        if (made.scope->call != nullptr) // read once for each call
            m_calledNodes += subgraph.nodes.size() + (m_context.textBytes - textBefore) / kBytesOfNode;
        add(subgraph, inner);
        Node &holder = m_graph.nodes[made.id];
        for (const std::string &output : subgraph.outputs)
            if (const auto value = find(output, inner); value && *value != kNoValue)
                holder.innerOutputs.push_back(*value);
        // Where a run writes what each round of a loop is given.
        const auto held = std::ranges::find(holder.attributes, attribute, &Attribute::name);
        for (const std::string &input : subgraph.inputs)
            if (held != holder.attributes.end() && held->kind == Attribute::Kind::Graph)
                held->ints.push_back(inner.values.at(input));
        for (std::size_t i = 0; passesInputs(*made.raw) && i < subgraph.inputs.size() && i < holder.inputs.size(); ++i)
            m_graph.values[inner.values.at(subgraph.inputs[i])].handedIn = holder.inputs[i];
    }
}

void GraphBuilder::add(const RawGraph &raw, Scope &scope)
{
    if (scope.depth > m_context.request.limits.graphDepth)
        throw ParseError(fmt::format("graphs are nested deeper than {} levels", m_context.request.limits.graphDepth));
    defineInputs(raw, scope);
    defineInitializers(raw, scope);
    std::vector<Made> made;
    defineNodes(raw.nodes, scope, made);
    // Definitions before uses.
    for (const Made &node : made) {
        connect(*node.raw, node.id, *node.scope);
        addSubgraphs(node);
    }
    annotate(raw, scope);
    for (const std::string &name : raw.outputs)
        if (scope.path.empty())
            m_graph.outputs.push_back(require(name, scope, "the graph's output"));
}

void GraphBuilder::addTop(const RawGraph &graph)
{
    m_graph.name = graph.name;
    add(graph, newScope({}));
}

void GraphBuilder::addUncalled()
{
    for (Function &function : m_functions) {
        if (function.calls != 0)
            continue;
        Scope &scope = newScope({nullptr, nullptr, "", &function});
        function.active = true;
        add(function.raw->body, scope);
        function.active = false;
    }
}

Graph GraphBuilder::take()
{
    for (Scope &scope : m_scopes) // holders stand before what they hold
        scope.path = pathOf(scope);
    for (std::size_t i = 0; i < m_graph.nodes.size(); ++i)
        m_graph.nodes[i].scope = m_scopeOf[i]->path;
    return std::move(m_graph);
}

} // namespace quantscope::onnx
