#include "formats/torchscript/script_expressions.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "formats/torchscript/code_tokens.h"
#include "formats/torchscript/packed_words.h"
#include "formats/torchscript/script_decide.h"
#include "graph/script_notes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

using ValueKind = ScriptValue::Kind;

ScriptValue graphValue(ValueId id) { return ScriptValue::of(ValueKind::Graph, id); }

/// "aten" and "conv2d" of torch.conv2d, "quantized" and "linear" of ops.quantized.linear.
std::pair<std::string, std::string> operatorOf(std::string_view qualified)
{
    if (qualified.starts_with("torch."))
        return {"aten", std::string(qualified.substr(6))};
    qualified.remove_prefix(4);
    const std::size_t dot = qualified.find('.');
    return dot == std::string_view::npos
        ? std::pair<std::string, std::string>("prim", qualified)
        : std::pair<std::string, std::string>(qualified.substr(0, dot), qualified.substr(dot + 1));
}

} // namespace

ValueId ScriptExpressions::packed(const ScriptValue &value)
{
    prepare(value);
    ScriptObject &object = m_objects.at(value);
    if (object.packed != kNoValue)
        return object.packed;
    const auto step = m_steps.open(object.path);
    ScriptArguments tensors;
    std::vector<ScriptValue> words;
    if (object.state) {
        m_graph.charge(object.state->size * 2 * sizeof(ScriptValue));
        collectTensors(*object.state, tensors);
        describeState(*object.state, words);
    }
    for (auto &[name, tensor] : tensors)
        if (tensor.is(ValueKind::Object))
            tensor = tensor.number == value.number ? ScriptValue() : graphValue(packed(tensor));
    tensors.emplace_back(script::kPackedState, ScriptValue::sequence(ValueKind::List, std::move(words)));
    const std::size_t dot = std::min(object.type.rfind('.'), object.type.size());
    object.packed = m_graph.addNode(
        object.type.substr(0, dot), object.type.substr(std::min(dot + 1, object.type.size())), object.path, tensors);
    m_graph.name(object.packed, object.path);
    return object.packed;
}

/// Attributes that the class makes of a state are there once its __setstate__ was followed.
void ScriptExpressions::prepare(const ScriptValue &value)
{
    ScriptObject &object = m_objects.at(value);
    const auto setState = object.state ? m_library.method(object.type, "__setstate__") : std::nullopt;
    if (!setState)
        return;
    const ScriptValue state = *object.state;
    object.state.reset();
    call(*setState, {{"", value}, {"", state}}, object.path);
}

ScriptValue ScriptExpressions::joined(const ScriptFrame &frame, const ScriptValue &condition, const std::string &opType,
    const ScriptValue &a, const ScriptValue &b)
{
    if (a.is(ValueKind::Unset) || a.same(b))
        return b;
    if (b.is(ValueKind::Unset))
        return a;
    m_steps.weigh(a);
    if (a.is(ValueKind::Tuple) && b.is(ValueKind::Tuple) && a.items && b.items && a.items->size() == b.items->size()) {
        m_graph.charge(a.items->size() * sizeof(ScriptValue));
        std::vector<ScriptValue> items;
        for (std::size_t i = 0; i < a.items->size(); ++i)
            items.push_back(joined(frame, condition, opType, (*a.items)[i], (*b.items)[i]));
        return ScriptValue::sequence(ValueKind::Tuple, std::move(items));
    }
    if (a.is(ValueKind::Object) || b.is(ValueKind::Object))
        return a.is(ValueKind::Object) ? a : b;
    ScriptValue out = node(frame, "prim", opType, {{"", condition}, {"", a}, {"", b}});
    out.mayBeNone = a.is(ValueKind::None) || b.is(ValueKind::None) || a.mayBeNone || b.mayBeNone;
    return out;
}

ScriptValue ScriptExpressions::values(ScriptFrame &frame, ScriptValue::Kind kind, const std::vector<CodeRef> &refs)
{
    std::vector<ScriptValue> items;
    for (const CodeRef ref : refs)
        items.push_back(value(frame, ref));
    return ScriptValue::sequence(kind, std::move(items));
}

ScriptValue ScriptExpressions::value(ScriptFrame &frame, CodeRef ref)
{
    const CodeNode &node = frame.tree.node(ref);
    const auto step = m_steps.open(frame.tree, node.line);
    ScriptValue out = evaluated(frame, node);
    m_steps.weigh(out);
    return out;
}

ScriptValue ScriptExpressions::evaluated(ScriptFrame &frame, const CodeNode &node)
{
    switch (node.kind) {
    case CodeKind::Name: return name(frame, node);
    case CodeKind::Integer:
        // The least int64 is printed as minus a number that is none.
        if (const auto number = parseNumber<std::uint64_t>(node.text))
            return ScriptValue::of(ValueKind::Int, static_cast<std::int64_t>(*number));
        failInCode(frame.tree.file, node.line, "an integer has more than 64 bits");
    case CodeKind::Real:
        if (const auto number = parseNumber<double>(node.text))
            return ScriptValue::ofReal(*number);
        failInCode(frame.tree.file, node.line,
            fmt::format("'{}' is no number", printable(std::string(node.text.substr(0, 40)))));
    case CodeKind::Text: return ScriptValue::ofText(std::string(node.text));
    case CodeKind::Attribute: return attribute(frame, value(frame, node.parts[0]), node.text);
    case CodeKind::Subscript: return element(frame, value(frame, node.parts[0]), value(frame, node.parts[1]));
    case CodeKind::Tuple: return values(frame, ValueKind::Tuple, node.parts);
    case CodeKind::List: return values(frame, ValueKind::List, node.parts);
    case CodeKind::Dict: return values(frame, ValueKind::Dict, node.parts);
    case CodeKind::Call: return callExpression(frame, node);
    case CodeKind::Minus: {
        ScriptValue negated = value(frame, node.parts[0]);
        negated.real = -negated.real;
        if (negated.is(ValueKind::Int))
            negated.number = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(negated.number));
        return negated.isNumber() ? negated : this->node(frame, "aten", "neg", {{"", negated}});
    }
    case CodeKind::Not: return callOperator(frame, "aten", "__not__", {{"", value(frame, node.parts[0])}});
    case CodeKind::Choice: {
        const ScriptValue condition = value(frame, node.parts[1]);
        if (const auto truth = condition.truth())
            return value(frame, node.parts[*truth ? 0 : 2]);
        const ScriptValue then = value(frame, node.parts[0]);
        return joined(frame, condition, "If", then, value(frame, node.parts[2]));
    }
    default: return {};
    }
}

ScriptValue ScriptExpressions::name(ScriptFrame &frame, const CodeNode &node)
{
    if (const ScriptValue *known = frame.find(node.text))
        return *known;
    if (node.text == "None")
        return {};
    if (node.text == "True" || node.text == "False")
        return ScriptValue::of(ValueKind::Bool, node.text == "True" ? 1 : 0);
    if (node.text == "inf" || node.text == "nan")
        return ScriptValue::ofReal(parseNumber<double>(node.text).value_or(0));
    static constexpr std::array<std::string_view, 4> kRoots = {"torch", "ops", "__torch__", "CONSTANTS"};
    if (std::ranges::find(kRoots, node.text) != kRoots.end())
        return ScriptValue::ofFunction(std::string(node.text));
    return ScriptValue::of(ValueKind::Unset);
}

ScriptValue ScriptExpressions::attribute(ScriptFrame &frame, const ScriptValue &base, std::string_view wanted)
{
    if (base.is(ValueKind::Function)) {
        const auto index = wanted.starts_with('c') ? parseNumber<std::size_t>(wanted.substr(1)) : std::nullopt;
        if (base.text == "CONSTANTS" && index)
            return m_objects.constant(*index);
        return ScriptValue::ofFunction(fmt::format("{}.{}", base.text, wanted));
    }
    if (base.is(ValueKind::Object)) {
        prepare(base);
        const ScriptObject &object = m_objects.at(base);
        if (const auto found = object.attributes.find(wanted); found != object.attributes.end())
            return found->second;
        return fieldOf(object.type, wanted).value_or(ScriptValue::of(ValueKind::Unset));
    }
    const std::optional<std::size_t> position
        = base.is(ValueKind::Tuple) && !base.text.empty() ? fieldPosition(base.text, wanted) : std::nullopt;
    if (position && base.items != nullptr && *position < base.items->size())
        return (*base.items)[*position];
    return node(frame, "prim", std::string(wanted), {{"", base}});
}

/// A constant of a class: what it is set to there.
std::optional<ScriptValue> ScriptExpressions::fieldOf(const std::string &type, std::string_view wanted)
{
    const auto found = m_library.find(type);
    if (!found || found->node().kind != CodeKind::Class)
        return std::nullopt;
    ScriptFrame frame(*found->tree, {});
    m_steps.weigh(found->node().parts.size());
    for (const CodeRef ref : found->node().parts)
        if (const CodeNode &field = found->tree->node(ref);
            field.kind == CodeKind::Field && field.text == wanted && !field.parts.empty())
            return value(frame, field.parts[0]);
    return std::nullopt;
}

std::optional<std::size_t> ScriptExpressions::fieldPosition(const std::string &type, std::string_view wanted)
{
    const auto found = m_library.find(type);
    m_steps.weigh(found ? found->node().parts.size() : 0);
    std::size_t position = 0;
    for (std::size_t i = 0; found && i < found->node().parts.size(); ++i) {
        const CodeNode &field = found->tree->node(found->node().parts[i]);
        if (field.kind == CodeKind::Field && field.text == wanted)
            return position;
        position += field.kind == CodeKind::Field ? 1 : 0;
    }
    return std::nullopt;
}

ScriptValue ScriptExpressions::element(ScriptFrame &frame, const ScriptValue &base, const ScriptValue &index)
{
    if (base.isSequence() && base.items != nullptr && index.is(ValueKind::Int)) {
        const auto count = static_cast<std::int64_t>(base.items->size());
        const std::int64_t at = index.number < 0 ? index.number + count : index.number;
        if (at >= 0 && at < count)
            return (*base.items)[static_cast<std::size_t>(at)];
    }
    if (base.is(ValueKind::Dict))
        m_steps.weigh(base);
    for (std::size_t i = 0; base.is(ValueKind::Dict) && base.items && i + 1 < base.items->size(); i += 2)
        if ((*base.items)[i].same(index))
            return (*base.items)[i + 1];
    if (base.is(ValueKind::Graph) && index.is(ValueKind::Int) && index.number >= 0)
        return graphValue(m_graph.part(base.graphValue(), static_cast<std::size_t>(index.number), frame.scope));
    return node(frame, "aten", "__getitem__", {{"", base}, {"", index}});
}

ScriptArguments ScriptExpressions::argumentsOf(ScriptFrame &frame, const CodeNode &call)
{
    ScriptArguments out;
    for (std::size_t i = 1; i < call.parts.size(); ++i) {
        const CodeNode &argument = frame.tree.node(call.parts[i]);
        if (argument.kind == CodeKind::Keyword)
            out.emplace_back(std::string(argument.text), value(frame, argument.parts[0]));
        else
            out.emplace_back(std::string(), value(frame, call.parts[i]));
    }
    return out;
}

ScriptValue ScriptExpressions::callExpression(ScriptFrame &frame, const CodeNode &node)
{
    const CodeNode &callee = frame.tree.node(node.parts[0]);
    if (callee.kind == CodeKind::Name && frame.find(callee.text) == nullptr)
        return builtin(frame, callee.text, node);
    if (callee.kind == CodeKind::Attribute) {
        const ScriptValue base = value(frame, callee.parts[0]);
        if (!base.is(ValueKind::Function))
            return callMethod(frame, base, callee.text, argumentsOf(frame, node));
        return callNamed(frame, fmt::format("{}.{}", base.text, callee.text), argumentsOf(frame, node));
    }
    const ScriptValue called = value(frame, node.parts[0]);
    if (called.is(ValueKind::Function))
        return callNamed(frame, called.text, argumentsOf(frame, node));
    return callMethod(frame, called, "forward", argumentsOf(frame, node));
}

/// Words of the language itself: types are never followed, and a number of a tensor is that tensor here.
ScriptValue ScriptExpressions::builtin(ScriptFrame &frame, std::string_view called, const CodeNode &node)
{
    const std::size_t count = node.parts.size() - 1;
    if (called == "uninitialized")
        return ScriptValue::of(ValueKind::Unset);
    if ((called == "annotate" || called == "unchecked_cast") && count == 2)
        return value(frame, node.parts[2]);
    if (called == "isinstance" && count == 2)
        return this->node(frame, "prim", "isinstance", {{"", value(frame, node.parts[1])}});
    const ScriptArguments arguments = argumentsOf(frame, node);
    const ScriptValue first = arguments.empty() ? ScriptValue() : arguments[0].second;
    if (called == "getattr" && count == 2 && arguments[1].second.is(ValueKind::Text))
        return attribute(frame, first, arguments[1].second.text);
    if (count == 1 && first.is(ValueKind::Graph) && (called == "int" || called == "float" || called == "bool"))
        return first;
    if (const auto number = parseNumber<double>(first.text); count == 1 && called == "float" && number)
        return ScriptValue::ofReal(*number); // inf and nan are printed as texts
    if (count == 1 && called == "float" && first.isNumber())
        return ScriptValue::ofReal(first.asReal());
    if (count == 1 && called == "bool" && first.truth())
        return ScriptValue::of(ValueKind::Bool, *first.truth() ? 1 : 0);
    if (count == 1 && called == "int" && first.isNumber() && !first.is(ValueKind::Float))
        return ScriptValue::of(ValueKind::Int, first.number);
    return this->node(frame, "prim", std::string(called), arguments);
}

ScriptValue ScriptExpressions::callMethod(
    ScriptFrame &frame, const ScriptValue &base, std::string_view method, ScriptArguments arguments)
{
    arguments.insert(arguments.begin(), {std::string(), base});
    if (!base.is(ValueKind::Object))
        return node(frame, "prim", std::string(method), std::move(arguments));
    prepare(base);
    const ScriptObject &object = m_objects.at(base);
    if (const auto found = m_library.method(object.type, method))
        return call(*found, arguments, object.path);
    return node(frame, object.type, std::string(method), std::move(arguments));
}

ScriptValue ScriptExpressions::callNamed(ScriptFrame &frame, const std::string &qualified, ScriptArguments arguments)
{
    if (qualified == "torch.device")
        return arguments.empty() ? ScriptValue() : arguments[0].second;
    if (qualified.starts_with("torch.") || qualified.starts_with("ops.")) {
        const auto [domain, opType] = operatorOf(qualified);
        return callOperator(frame, domain, opType, std::move(arguments));
    }
    constexpr std::string_view kNew = ".__new__";
    if (qualified.ends_with(kNew)) {
        ScriptObject made;
        made.type = qualified.substr(0, qualified.size() - kNew.size());
        made.path = frame.scope;
        return m_objects.add(std::move(made));
    }
    const auto found = m_library.find(qualified);
    if (!found)
        throw ParseError(fmt::format(
            "its code calls {}, which the archive does not hold: write it again", printable(qualified.substr(0, 200))));
    if (found->node().kind == CodeKind::Function)
        return call(*found, arguments, frame.scope);
    std::vector<ScriptValue> items; // a named tuple
    for (auto &[name, item] : arguments)
        items.push_back(std::move(item));
    ScriptValue tuple = ScriptValue::sequence(ValueKind::Tuple, std::move(items));
    tuple.text = qualified;
    return tuple;
}

ScriptValue ScriptExpressions::callOperator(
    ScriptFrame &frame, const std::string &domain, const std::string &opType, ScriptArguments arguments)
{
    if (domain == "aten")
        if (const auto decided = decideScript(opType, arguments))
            return *decided;
    if (domain == "prim" && opType == "RaiseException")
        frame.raised = true;
    if (domain == "prim" && opType == "unchecked_unwrap_optional" && !arguments.empty())
        return arguments[0].second;
    const bool appends = domain == "aten" && opType == "append" && arguments.size() == 2;
    if (appends && arguments[0].second.is(ValueKind::List) && arguments[0].second.items != nullptr) {
        ScriptValue item = arguments[1].second;
        if (m_loops > 0) // once here, and nobody knows how often there
            item = node(frame, "prim", "Loop", {{"", item}});
        m_graph.charge(sizeof(ScriptValue) + item.text.size());
        // A list that holds itself would never end.
        arguments[0].second.items->push_back(
            item.items == nullptr ? item : graphValue(m_graph.asValue(item, frame.scope)));
        return {};
    }
    if (opType.ends_with("_prepack"))
        for (std::size_t i = 0; i < std::min<std::size_t>(arguments.size(), 2); ++i)
            if (const ScriptValue &tensor = arguments[i].second; tensor.is(ValueKind::Graph))
                if (isNumbered(m_graph.nameOf(tensor.graphValue()), frame.scope))
                    m_graph.renameTensor(tensor.graphValue(),
                        (frame.scope.empty() ? std::string() : frame.scope + ".") + (i == 0 ? "weight" : "bias"));
    const bool inPlace = domain == "aten" && opType.ends_with('_') && !opType.ends_with("__") && !arguments.empty()
        && arguments[0].second.is(ValueKind::Graph);
    if (!inPlace)
        return node(frame, domain, opType, std::move(arguments));
    const ValueId changed = m_graph.asValue(arguments[0].second, frame.scope);
    ScriptValue result = node(frame, domain, opType, std::move(arguments));
    m_graph.changeInPlace(changed, result.graphValue());
    return result;
}

ScriptValue ScriptExpressions::node(
    const ScriptFrame &frame, const std::string &domain, const std::string &opType, ScriptArguments arguments)
{
    for (auto &[name, argument] : arguments)
        if (argument.is(ValueKind::Object) && !m_library.find(m_objects.at(argument).type))
            argument = graphValue(packed(argument));
        else if (argument.isSequence() && argument.items != nullptr)
            argument = withoutObjects(argument);
    return graphValue(m_graph.addNode(domain, opType, frame.scope, arguments));
}

/// Packed parameters in lists, as recurrent operators read them.
ScriptValue ScriptExpressions::withoutObjects(const ScriptValue &sequence)
{
    if (std::ranges::none_of(*sequence.items, [](const ScriptValue &v) { return v.is(ValueKind::Object); }))
        return sequence;
    std::vector<ScriptValue> items = *sequence.items;
    for (ScriptValue &item : items)
        if (item.is(ValueKind::Object))
            item = graphValue(packed(item));
    return ScriptValue::sequence(sequence.kind, std::move(items));
}

} // namespace quantscope
