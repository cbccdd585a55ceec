#include "formats/torchscript/script_graph.h"

#include "graph/script_notes.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Lists in lists in arguments; real ones have two.
constexpr std::uint32_t kDeepestArgument = 32;

Attribute scalarAttribute(const std::string &name, const ScriptValue &value)
{
    Attribute out;
    out.name = name;
    switch (value.kind) {
    case ScriptValue::Kind::Bool:
    case ScriptValue::Kind::Int:
        out.kind = Attribute::Kind::Int;
        out.i = value.number;
        break;
    case ScriptValue::Kind::Float:
        out.kind = Attribute::Kind::Float;
        out.f = static_cast<float>(value.real);
        out.real = value.real;
        break;
    case ScriptValue::Kind::Text:
        out.kind = Attribute::Kind::String;
        out.s = value.text;
        break;
    default: break;
    }
    return out;
}

bool holdsValues(const ScriptValue &value, std::uint32_t depth = 0)
{
    if (value.is(ScriptValue::Kind::Graph) || depth > kDeepestArgument)
        return true;
    return value.items != nullptr
        && std::ranges::any_of(*value.items, [&](const ScriptValue &item) { return holdsValues(item, depth + 1); });
}

/// Operators whose result may share the elements of their first argument.
constexpr auto kViews = std::to_array<std::string_view>({"_reshape_alias", "alias", "broadcast_to", "chunk",
    "contiguous", "cpu", "cuda", "detach", "diagonal", "double", "dropout", "expand", "expand_as", "feature_dropout",
    "flatten", "float", "moveaxis", "movedim", "narrow", "numpy_T", "permute", "reshape", "reshape_as", "select",
    "slice", "split", "split_with_sizes", "squeeze", "swapaxes", "swapdims", "t", "tensor_split", "to", "transpose",
    "type_as", "unbind", "unflatten", "unfold", "unsqueeze", "view", "view_as"});

bool isView(const Node &node) { return node.domain == "aten" && std::ranges::binary_search(kViews, node.opType); }

/// Numbers or texts alone, which one attribute can hold.
bool isOfOneKind(const ScriptValue &sequence)
{
    return sequence.items == nullptr || std::ranges::all_of(*sequence.items, &ScriptValue::isNumber)
        || std::ranges::all_of(
            *sequence.items, [](const ScriptValue &item) { return item.is(ScriptValue::Kind::Text); });
}

} // namespace

ValueId ScriptGraph::addValue()
{
    charge(sizeof(Value) + sizeof(NodeId));
    graph().values.emplace_back();
    return static_cast<ValueId>(graph().values.size() - 1);
}

ValueId ScriptGraph::addInput(std::string name)
{
    const ValueId value = addValue();
    graph().values[value].name = std::move(name);
    graph().values[value].graphInput = true;
    graph().inputs.push_back(value);
    return value;
}

ValueId ScriptGraph::tensorValue(std::size_t tensor)
{
    ValueId &known = m_tensorValues.at(tensor);
    if (known == kNoValue) {
        known = addValue();
        graph().values[known].name = m_file.tensors[tensor].name;
        graph().values[known].tensor = tensor;
    }
    return known;
}

void ScriptGraph::addInput(Node &node, std::size_t position, const std::string &keyword, ValueId value)
{
    if (!keyword.empty()) {
        charge(sizeof(Attribute) + sizeof keyword + keyword.size());
        node.inputs.push_back(value);
        auto names = std::ranges::find(node.attributes, script::kNamedInputs, &Attribute::name);
        if (names == node.attributes.end()) {
            names = node.attributes.emplace(names);
            names->name = script::kNamedInputs;
            names->kind = Attribute::Kind::Strings;
        }
        names->strings.push_back(keyword);
    } else {
        node.inputs.resize(std::max(node.inputs.size(), position + 1), kNoValue);
        node.inputs[position] = value;
    }
}

bool ScriptGraph::addNumbers(Node &node, const std::string &name, const std::vector<ScriptValue> &items)
{
    Attribute out;
    out.name = name;
    if (std::ranges::all_of(
            items, [](const ScriptValue &v) { return v.isNumber() && !v.is(ScriptValue::Kind::Float); })) {
        out.kind = Attribute::Kind::Ints;
        for (const ScriptValue &item : items)
            out.ints.push_back(item.number);
    } else if (std::ranges::all_of(items, &ScriptValue::isNumber)) {
        out.kind = Attribute::Kind::Floats;
        for (const ScriptValue &item : items) {
            out.reals.push_back(item.asReal());
            out.floats.push_back(static_cast<float>(item.asReal()));
        }
    } else if (std::ranges::all_of(items, [](const ScriptValue &v) { return v.is(ScriptValue::Kind::Text); })) {
        out.kind = Attribute::Kind::Strings;
        for (const ScriptValue &item : items)
            out.strings.push_back(item.text);
    }
    std::uint64_t texts = 0;
    for (const std::string &text : out.strings)
        texts += sizeof text + text.size();
    charge(sizeof(Attribute) + items.size() * 12 + texts);
    node.attributes.push_back(std::move(out));
    return true;
}

void ScriptGraph::addArgument(
    Node &node, const std::string &name, const ScriptValue &value, const std::string &scope, std::uint32_t depth)
{
    const std::size_t position = node.inputs.size();
    const bool isKeyword = !name.empty();
    const std::string label = isKeyword ? name : std::to_string(position);
    if (value.is(ScriptValue::Kind::Graph))
        return addInput(node, position, name, current(value.graphValue(), scope));
    if (value.isSequence() && (holdsValues(value) || !isOfOneKind(value)) && depth < kDeepestArgument)
        return addInput(node, position, name, asValue(value, scope));
    if (!isKeyword)
        node.inputs.push_back(kNoValue);
    if (value.isSequence() && value.items != nullptr && !holdsValues(value)) {
        addNumbers(node, label, *value.items);
        return;
    }
    charge(sizeof(Attribute) + value.text.size());
    node.attributes.push_back(scalarAttribute(label, value));
}

ValueId ScriptGraph::addNode(
    std::string domain, std::string opType, const std::string &scope, const ScriptArguments &arguments)
{
    if (graph().nodes.size() >= m_limits.graphNodes)
        throw ParseError(fmt::format("has more than {} operators, too many to be followed", m_limits.graphNodes));
    Node node;
    node.domain = std::move(domain);
    node.opType = std::move(opType);
    node.scope = scope;
    for (const auto &[name, value] : arguments)
        addArgument(node, name, value, scope, 0);
    charge(sizeof(Node) + node.inputs.size() * 8 + scope.size() + node.domain.size() + node.opType.size());
    const auto id = static_cast<NodeId>(graph().nodes.size());
    const ValueId output = addValue();
    node.outputs.push_back(output);
    graph().values[output].producer = id;
    for (const ValueId input : node.inputs)
        if (input != kNoValue)
            if (auto &consumers = graph().values[input].consumers; consumers.empty() || consumers.back() != id)
                consumers.push_back(id);
    const ValueId viewed = isView(node) ? node.input(0) : kNoValue;
    graph().nodes.push_back(std::move(node));
    if (viewed != kNoValue)
        shareElements(output, viewed);
    return output;
}

void ScriptGraph::shareElements(ValueId view, ValueId base)
{
    constexpr std::uint64_t kPerView = 128;
    charge(kPerView);
    const auto known = m_root.find(base);
    const ValueId root = known == m_root.end() ? base : known->second;
    m_root[view] = root;
    m_sharing[root].push_back(view);
}

void ScriptGraph::changeInPlace(ValueId value, ValueId result)
{
    constexpr std::uint64_t kPerChange = 128;
    const auto known = m_root.find(value);
    const ValueId root = known == m_root.end() ? value : known->second;
    const bool again = !m_changedRoots.insert(root).second;
    std::vector<ValueId> sharing = m_sharing[root];
    sharing.push_back(root);
    charge((sharing.size() + 2) * kPerChange);
    const auto producer = graph().values[value].producer;
    for (const ValueId other : sharing)
        if (other != value && (!producer || graph().values[other].producer != producer)) // parts do not overlap
            m_changes[other] = {value, result, !again};
    m_changes[value] = {value, result, true};
    m_root[result] = root;
}

void ScriptGraph::doubtChanges(const Changes &before)
{
    for (auto &[value, change] : m_changes)
        if (const auto old = before.find(value); old == before.end() || old->second.result != change.result)
            change = {change.value, change.result, false};
}

void ScriptGraph::joinChanges(const ScriptValue &condition, const Changes &then, const Changes &other)
{
    const auto plain = [](const Changes &changes, ValueId value) {
        const auto found = changes.find(value);
        return found == changes.end()
            || (found->second.value == value && found->second.known && found->second.otherwise == kNoValue);
    };
    const auto last = [&](const Changes &changes, ValueId value) {
        while (changes.contains(value) && plain(changes, value))
            value = changes.at(value).result;
        return value;
    };
    Changes all = then;
    all.insert(other.begin(), other.end());
    for (const auto &[value, change] : all) {
        if (graph().values[value].tensor)
            continue; // observers that may be switched off: the file's own values are what is shown and run
        const auto a = then.find(value), b = other.find(value);
        if (a != then.end() && b != other.end() && a->second.result == b->second.result)
            m_changes[value] = change;
        else if (const ValueId x = last(then, value), y = last(other, value); plain(then, x) && plain(other, y))
            m_changes[value] = {value, x, true, condition, y};
        else
            m_changes[value] = {change.value, change.result, false};
    }
}

ValueId ScriptGraph::changedNode(ValueId value, const Change &change, const std::string &scope)
{
    const auto argument = [](ValueId id) { return ScriptValue::of(ScriptValue::Kind::Graph, id); };
    const ScriptArguments three{{"", argument(value)}, {"", argument(change.value)}, {"", argument(change.result)}};
    if (!change.known)
        return addNode("prim", "ChangedPerhaps", scope, three);
    if (change.otherwise == kNoValue)
        return addNode("prim", "ChangedInPlace", scope, three);
    return addNode(
        "prim", "If", scope, {{"", change.condition}, {"", argument(change.result)}, {"", argument(change.otherwise)}});
}

ValueId ScriptGraph::current(ValueId value, const std::string &scope)
{
    for (auto found = m_changes.find(value); found != m_changes.end(); found = m_changes.find(value)) {
        const Change change = found->second;
        if (change.value != value || !change.known || change.otherwise != kNoValue) {
            Changes all = std::exchange(m_changes, {}); // its arguments are what they were then
            const ValueId changed = changedNode(value, change, scope);
            m_changes = std::move(all);
            m_changes[value] = {value, changed};
            value = changed;
        } else {
            value = change.result; // a later one, so that this ends
        }
    }
    return value;
}

ValueId ScriptGraph::asValue(const ScriptValue &value, const std::string &scope)
{
    if (value.is(ScriptValue::Kind::Graph))
        return current(value.graphValue(), scope);
    if (!value.isSequence() || value.items == nullptr)
        return addNode("prim", "Constant", scope, {{"value", value}});
    ScriptArguments items;
    for (const ScriptValue &item : *value.items) // tuples of tuples of values: each is a node
        items.emplace_back(std::string(), item);
    return addNode("prim", value.is(ScriptValue::Kind::Tuple) ? "TupleConstruct" : "ListConstruct", scope, items);
}

ValueId ScriptGraph::part(ValueId value, std::size_t index, const std::string &scope)
{
    value = current(value, scope);
    constexpr std::size_t kMostOutputs = 256;
    const auto producer = graph().values[value].producer;
    const auto element = [&] {
        return addNode("prim", "TupleIndex", scope,
            {{"", ScriptValue::of(ScriptValue::Kind::Graph, value)},
                {"", ScriptValue::of(ScriptValue::Kind::Int, static_cast<std::int64_t>(index))}});
    };
    if (!producer || index >= kMostOutputs || graph().nodes[*producer].outputs[0] != value)
        return element();
    // What reads the list itself has to find it.
    Node &node = graph().nodes[*producer];
    const bool apart = node.attribute(script::kTakenApart) != nullptr;
    const bool sizes = node.domain == "aten" && node.opType == "size"; // read whole behind its elements, too
    if (sizes || (!apart && !graph().values[value].consumers.empty()))
        return element();
    if (!apart) {
        charge(sizeof(Attribute));
        node.attributes.push_back(
            scalarAttribute(std::string(script::kTakenApart), ScriptValue::of(ScriptValue::Kind::Int, 1)));
    }
    while (graph().nodes[*producer].outputs.size() <= index) {
        const ValueId added = addValue();
        graph().values[added].producer = producer;
        graph().nodes[*producer].outputs.push_back(added);
        if (isView(graph().nodes[*producer]))
            shareElements(added, graph().nodes[*producer].input(0));
    }
    return graph().nodes[*producer].outputs[index];
}

void ScriptGraph::name(ValueId value, const std::string &name)
{
    Value &named = graph().values[value];
    if (!named.name.empty())
        return;
    charge(2 * name.size());
    named.name = name;
    if (named.producer && graph().nodes[*named.producer].name.empty())
        graph().nodes[*named.producer].name = name;
}

void ScriptGraph::addOutput(ValueId value) { graph().outputs.push_back(current(value, {})); }

void ScriptGraph::renameTensor(ValueId value, const std::string &name)
{
    Value &named = graph().values[value];
    if (!named.tensor)
        return;
    named.name = name;
    m_file.tensors[*named.tensor].name = name;
}

} // namespace quantscope
