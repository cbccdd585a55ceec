#include "formats/torchscript/script_walker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

const ScriptValue *keywordOf(const ScriptArguments &arguments, std::string_view name)
{
    const auto found
        = std::ranges::find(arguments, name, [](const auto &argument) { return std::string_view(argument.first); });
    return found == arguments.end() ? nullptr : &found->second;
}

} // namespace

ScriptValue ScriptWalker::call(
    const ScriptDefinition &function, const ScriptArguments &arguments, const std::string &scope)
{
    const CodeNode &node = function.node();
    const auto step = m_steps.open(*function.tree, node.line);
    ScriptFrame frame(*function.tree, scope);
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
        const CodeNode &parameter = frame.tree.node(node.parts[i]);
        const bool isPositional = i < arguments.size() && arguments[i].first.empty();
        const ScriptValue *given = isPositional ? &arguments[i].second : keywordOf(arguments, parameter.text);
        m_steps.weigh(isPositional ? 0 : arguments.size());
        if (given != nullptr)
            frame.set(parameter.text, *given);
        else if (!parameter.parts.empty())
            frame.set(parameter.text, value(frame, parameter.parts[0]));
    }
    run(frame, node.parts.back());
    if (frame.otherResult)
        return joined(frame, {}, "If", *frame.otherResult, frame.result.value_or(ScriptValue()));
    return frame.result.value_or(ScriptValue());
}

bool ScriptWalker::run(ScriptFrame &frame, CodeRef block)
{
    return std::ranges::any_of(frame.tree.node(block).parts, [&](CodeRef ref) { return statement(frame, ref); });
}

bool ScriptWalker::statement(ScriptFrame &frame, CodeRef ref)
{
    const CodeNode &node = frame.tree.node(ref);
    const auto step = m_steps.open(frame.tree, node.line);
    switch (node.kind) {
    case CodeKind::Assign: {
        const ScriptValue assigned = value(frame, node.parts.back());
        for (std::size_t i = 0; i + 1 < node.parts.size(); ++i)
            assign(frame, node.parts[i], assigned);
        return frame.raised;
    }
    case CodeKind::Field:
        if (!node.parts.empty())
            frame.set(node.text, value(frame, node.parts[0]));
        return frame.raised;
    case CodeKind::Expression: value(frame, node.parts[0]); return frame.raised;
    case CodeKind::If: return branch(frame, node);
    case CodeKind::While: value(frame, node.parts[0]); return loop(frame, node.parts[1]);
    case CodeKind::For: {
        constexpr std::int64_t kMostRounds = 4096;
        const auto count = roundsOf(frame, node);
        if (count && count->is(ScriptValue::Kind::Int) && count->number <= kMostRounds)
            return rounds(frame, node, count->number);
        const ScriptValue through
            = count ? this->node(frame, "prim", "range", {{"", *count}}) : value(frame, node.parts[1]);
        assign(frame, node.parts[0], this->node(frame, "prim", "Loop", {{"", through}}));
        return loop(frame, node.parts[2]);
    }
    case CodeKind::With: value(frame, node.parts[0]); return run(frame, node.parts[1]);
    case CodeKind::Return: frame.result = node.parts.empty() ? ScriptValue() : value(frame, node.parts[0]); return true;
    default: return false;
    }
}

ScriptWalker::Way ScriptWalker::follow(ScriptFrame &frame, CodeRef block)
{
    const ScriptGraph::Changes before = m_graph.changes();
    m_steps.weigh(before.size());
    frame.enter();
    run(frame, block);
    Way way{frame.leave(), std::exchange(frame.result, std::nullopt), std::exchange(frame.raised, false),
        m_graph.changes()};
    m_graph.restoreChanges(before);
    return way;
}

bool ScriptWalker::branch(ScriptFrame &frame, const CodeNode &node)
{
    const ScriptValue condition = value(frame, node.parts[0]);
    if (const auto truth = condition.truth())
        return run(frame, node.parts[*truth ? 1 : 2]);
    const Way then = follow(frame, node.parts[1]), other = follow(frame, node.parts[2]);
    if (then.raised && other.raised)
        return frame.raised = true;
    if (then.raised || other.raised) {
        const Way &kept = then.raised ? other : then;
        m_graph.restoreChanges(kept.changes);
        for (const auto &[name, changed] : kept.variables)
            frame.set(name, changed);
        frame.result = kept.result;
        return kept.result.has_value();
    }
    if (then.result && other.result) {
        frame.result = joined(frame, condition, "If", *then.result, *other.result);
        return true;
    }
    if (then.result || other.result) {
        const Way &returned = then.result ? then : other, &kept = then.result ? other : then;
        frame.otherResult = frame.otherResult ? joined(frame, condition, "If", *frame.otherResult, *returned.result)
                                              : *returned.result;
        m_graph.restoreChanges(kept.changes);
        for (const auto &[name, changed] : kept.variables)
            frame.set(name, changed);
        return false;
    }
    m_graph.joinChanges(condition, then.changes, other.changes);
    joinVariables(frame, condition, "If", then.variables, other.variables);
    return false;
}

/// The number of `for NAME in range(NUMBER)`; nothing for other loops.
std::optional<ScriptValue> ScriptWalker::roundsOf(ScriptFrame &frame, const CodeNode &node)
{
    const CodeNode &call = frame.tree.node(node.parts[1]);
    if (call.kind != CodeKind::Call || call.parts.size() != 2)
        return std::nullopt;
    const CodeNode &callee = frame.tree.node(call.parts[0]);
    if (callee.kind != CodeKind::Name || callee.text != "range" || frame.find(callee.text) != nullptr)
        return std::nullopt;
    return value(frame, call.parts[1]);
}

bool ScriptWalker::rounds(ScriptFrame &frame, const CodeNode &node, std::int64_t count)
{
    for (std::int64_t i = 0; i < count; ++i) {
        assign(frame, node.parts[0], ScriptValue::of(ScriptValue::Kind::Int, i));
        if (run(frame, node.parts[2]))
            return true;
    }
    return false;
}

bool ScriptWalker::loop(ScriptFrame &frame, CodeRef body)
{
    const ScriptGraph::Changes before = m_graph.changes();
    m_steps.weigh(before.size());
    frame.enter();
    ++m_loops;
    run(frame, body);
    --m_loops;
    m_graph.doubtChanges(before);
    const ScriptFrame::Variables changed = frame.leave();
    frame.raised = false;
    joinVariables(frame, {}, "Loop", changed, {});
    return false;
}

/// A value of the graph is called as the first variable that holds it.
void ScriptWalker::keep(ScriptFrame &frame, std::string_view name, const ScriptValue &value)
{
    if (value.is(ScriptValue::Kind::Graph))
        m_graph.name(
            value.graphValue(), frame.scope.empty() ? std::string(name) : fmt::format("{}.{}", frame.scope, name));
    frame.set(name, value);
}

void ScriptWalker::joinVariables(ScriptFrame &frame, const ScriptValue &condition, const std::string &opType,
    const ScriptFrame::Variables &a, const ScriptFrame::Variables &b)
{
    const auto before = [&](std::string_view name) {
        const ScriptValue *known = frame.find(name);
        return known == nullptr ? ScriptValue::of(ScriptValue::Kind::Unset) : *known;
    };
    for (const auto &[name, changed] : a) {
        const auto other = b.find(name);
        keep(frame, name, joined(frame, condition, opType, changed, other == b.end() ? before(name) : other->second));
    }
    for (const auto &[name, changed] : b)
        if (!a.contains(name))
            keep(frame, name, joined(frame, condition, opType, before(name), changed));
}

void ScriptWalker::assign(ScriptFrame &frame, CodeRef target, const ScriptValue &assigned)
{
    const CodeNode &node = frame.tree.node(target);
    const auto step = m_steps.open(frame.tree, node.line);
    if (node.kind == CodeKind::Tuple) {
        for (std::size_t i = 0; i < node.parts.size(); ++i)
            assign(frame, node.parts[i],
                element(frame, assigned, ScriptValue::of(ScriptValue::Kind::Int, static_cast<std::int64_t>(i))));
    } else if (node.kind == CodeKind::Attribute) {
        const ScriptValue base = value(frame, node.parts[0]);
        if (base.is(ScriptValue::Kind::Object))
            m_objects.at(base).attributes.insert_or_assign(std::string(node.text), assigned);
    } else if (node.kind == CodeKind::Name) {
        keep(frame, node.text, assigned);
    }
}

} // namespace quantscope
