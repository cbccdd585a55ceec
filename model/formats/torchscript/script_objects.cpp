#include "formats/torchscript/script_objects.h"

#include "base/text.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string below(const std::string &path, std::string_view name)
{
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

} // namespace

ScriptValue ScriptObjects::add(ScriptObject object)
{
    m_graph.charge(sizeof(ScriptObject) + object.path.size() + object.type.size());
    m_objects.push_back(std::move(object));
    return ScriptValue::of(ScriptValue::Kind::Object, static_cast<std::int64_t>(m_objects.size() - 1));
}

ScriptValue ScriptObjects::constant(std::size_t index)
{
    const std::span<const PickleRef> all
        = m_constants == nullptr ? std::span<const PickleRef>() : m_constants->tree.items(m_constants->tree.root);
    if (index >= all.size())
        throw ParseError(
            fmt::format("its code reads constant {}, and constants.pkl has {}: the archive is damaged, write it again",
                index, all.size()));
    return convert(*m_constants, all[index], fmt::format("CONSTANTS.c{}", index), m_ofConstants, 0);
}

ScriptValue ScriptObjects::convert(
    const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth)
{
    if (const auto done = known.find(ref); done != known.end()) {
        m_graph.charge(sizeof(ScriptValue) + done->second.text.size()); // a few bytes of the pickle name it again
        return done->second;
    }
    if (depth > kCodeLimits.nesting)
        throw ParseError(fmt::format(
            "'{}' lies in containers nested more than {} deep", printable(path.substr(0, 100)), kCodeLimits.nesting));
    m_graph.charge(2 * sizeof(ScriptValue) + path.size());
    known[ref] = ScriptValue::of(ScriptValue::Kind::Unset); // what a cycle meets
    ScriptValue value = convertNew(pickle, ref, path, known, depth);
    m_graph.charge(2 * value.text.size());
    known[ref] = value;
    return value;
}

ScriptValue ScriptObjects::convertNew(
    const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth)
{
    using Kind = ScriptValue::Kind;
    const PickleTree &tree = pickle.tree;
    const auto list = [&](Kind kind, std::span<const PickleRef> refs) {
        std::vector<ScriptValue> items;
        for (std::size_t i = 0; i < refs.size(); ++i)
            items.push_back(convert(pickle, refs[i], below(path, std::to_string(i)), known, depth + 1));
        return ScriptValue::sequence(kind, std::move(items));
    };
    switch (tree.kind(ref)) {
    case PickleKind::None: return {};
    case PickleKind::Bool: return ScriptValue::of(Kind::Bool, tree.integer(ref));
    case PickleKind::Int: return ScriptValue::of(Kind::Int, tree.integer(ref));
    case PickleKind::Float: return ScriptValue::ofReal(tree.real(ref));
    case PickleKind::Text:
    case PickleKind::Bytes: return ScriptValue::ofText(std::string(tree.text(ref)));
    case PickleKind::Tuple: return list(Kind::Tuple, tree.items(ref));
    case PickleKind::List: return list(Kind::List, tree.items(ref));
    case PickleKind::Dict: return list(Kind::Dict, tree.pairs(ref));
    case PickleKind::Call: return call(pickle, ref, path, known, depth);
    case PickleKind::Object: return object(pickle, ref, path, known, depth);
    default: return ScriptValue::of(Kind::Unset);
    }
}

ScriptValue ScriptObjects::call(
    const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth)
{
    if (const auto tensor = pickle.tensors.find(ref); tensor != pickle.tensors.end())
        return ScriptValue::of(ScriptValue::Kind::Graph, m_graph.tensorValue(tensor->second));
    const std::string called = pickle.tree.callableName(ref);
    const auto arguments = pickle.tree.items(pickle.tree.arguments(ref));
    // build_intlist(list), restore_type_tag(value, type)
    if (called.starts_with("torch.jit._pickle.") && !arguments.empty())
        return convert(pickle, arguments[0], path, known, depth + 1);
    return ScriptValue::of(ScriptValue::Kind::Unset);
}

ScriptValue ScriptObjects::object(
    const ScriptPickle &pickle, PickleRef ref, const std::string &path, Converted &known, std::uint32_t depth)
{
    const PickleTree &tree = pickle.tree;
    ScriptObject made;
    made.path = path;
    made.type = tree.callableName(ref);
    const ScriptValue value = add(std::move(made));
    const PickleRef state = tree.state(ref);
    known[ref] = value;
    if (state == kNoPickleRef)
        return value;
    if (!tree.is(state, PickleKind::Dict)) {
        at(value).state = convert(pickle, state, path, known, depth + 1);
        return value;
    }
    constexpr std::uint64_t kAttributeNode = 64;
    const auto pairs = tree.pairs(state);
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
        const std::string name(tree.text(pairs[i]));
        m_graph.charge(kAttributeNode + 2 * name.size());
        ScriptValue attribute = convert(pickle, pairs[i + 1], below(path, name), known, depth + 1);
        at(value).attributes.insert_or_assign(name, std::move(attribute));
    }
    return value;
}

} // namespace quantscope
