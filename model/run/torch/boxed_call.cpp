#include "run/torch/boxed_call.h"

#include "base/text.h"
#include "graph/script_notes.h"
#include "run/torch/fit_argument.h"

#include <ATen/core/function_schema.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

using torch::jit::Operator;
using torch::jit::Stack;

struct ScriptArgumentList {
    std::vector<c10::IValue> positional;
    std::vector<std::pair<std::string, c10::IValue>> named;
};

bool isKeyword(std::string_view name) { return !name.empty() && name[0] != '=' && (name[0] < '0' || name[0] > '9'); }

std::span<const std::string> namedInputs(const OpCall &call)
{
    const Attribute *names = call.node.attribute(script::kNamedInputs);
    return names == nullptr ? std::span<const std::string>() : std::span(names->strings);
}

ScriptArgumentList argumentsOfNode(const OpCall &call)
{
    ScriptArgumentList out;
    const std::size_t count = scriptArgumentCount(call);
    for (std::size_t i = 0; i < count; ++i)
        out.positional.push_back(scriptArgument(call, i));
    for (std::size_t i = 0; const std::string &name : namedInputs(call))
        out.named.emplace_back(name, call.input(count + i++));
    for (const Attribute &attribute : call.node.attributes)
        if (isKeyword(attribute.name))
            out.named.emplace_back(attribute.name, constantOfCode(attribute));
    return out;
}

/// The arguments as the overload wants them; nothing where they do not fit.
std::optional<Stack> boundTo(const c10::FunctionSchema &schema, const ScriptArgumentList &given, bool converts)
{
    Stack out;
    std::size_t named = 0;
    const auto &wanted = schema.arguments();
    if (given.positional.size() > wanted.size())
        return std::nullopt;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const c10::Argument &argument = wanted[i];
        const c10::IValue *value = i < given.positional.size() ? &given.positional[i] : nullptr;
        if (value != nullptr && argument.kwarg_only())
            return std::nullopt;
        if (value == nullptr) {
            const auto found = std::ranges::find(
                given.named, argument.name(), [](const auto &pair) -> const std::string & { return pair.first; });
            value = found == given.named.end() ? nullptr : &found->second;
            named += value != nullptr ? 1 : 0;
        }
        if (value == nullptr && !argument.default_value())
            return std::nullopt;
        auto fitted = value == nullptr ? std::optional(*argument.default_value())
                                       : fitArgument(*value, argument.type(), argument.N().value_or(0), converts);
        if (!fitted)
            return std::nullopt;
        out.push_back(std::move(*fitted));
    }
    return named == given.named.size() ? std::optional(std::move(out)) : std::nullopt;
}

/// What it changes is its own: a kept value and a tensor of the file stay as they are.
void copyWritten(const c10::FunctionSchema &schema, Stack &stack)
{
    const auto copy = [&](std::size_t i) {
        if (i < stack.size() && stack[i].isTensor() && stack[i].toTensor().defined())
            stack[i] = stack[i].toTensor().clone();
    };
    for (std::size_t i = 0; i < stack.size(); ++i)
        if (const auto *alias = schema.arguments()[i].alias_info(); alias != nullptr && alias->isWrite())
            copy(i);
    if (schema.name() == "aten::batch_norm" || schema.name() == "aten::instance_norm") {
        copy(3); // the running mean and variance, which training moves
        copy(4);
    }
}

std::string typesOf(const ScriptArgumentList &given)
{
    std::string out;
    for (const c10::IValue &value : given.positional)
        out += (out.empty() ? "" : ", ") + value.tagKind();
    for (const auto &[name, value] : given.named)
        out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value.tagKind());
    return printable(out.substr(0, 300));
}

} // namespace

c10::IValue constantOfCode(const Attribute &attribute)
{
    switch (attribute.kind) {
    case Attribute::Kind::Int: return attribute.i;
    case Attribute::Kind::Float: return attribute.real;
    case Attribute::Kind::String: return attribute.s;
    case Attribute::Kind::Ints: return attribute.ints;
    case Attribute::Kind::Floats: return attribute.reals;
    case Attribute::Kind::Strings: return attribute.strings;
    default: return {};
    }
}

std::size_t scriptArgumentCount(const OpCall &call)
{
    return call.inputs.size() - std::min(call.inputs.size(), namedInputs(call).size());
}

c10::IValue scriptArgument(const OpCall &call, std::size_t position)
{
    if (isGiven(call, position))
        return call.inputs[position];
    return scriptConstant(call, std::to_string(position));
}

c10::IValue scriptConstant(const OpCall &call, std::string_view name)
{
    const Attribute *constant = call.node.attribute(name);
    return constant == nullptr ? c10::IValue() : constantOfCode(*constant);
}

OpValues asOutputs(const Node &node, c10::IValue result)
{
    if (node.attribute(script::kTakenApart) == nullptr)
        return {std::move(result)};
    if (result.isTuple())
        return result.toTupleRef().elements().vec();
    if (result.isList())
        return result.toListRef().vec();
    throw RunError(fmt::format("its result is taken apart, and it is a {}", result.tagKind()));
}

OpValues runBoxed(const OpCall &call)
{
    const std::string name = call.node.domain + "::" + call.node.opType;
    const auto &overloads = torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name));
    const ScriptArgumentList given = argumentsOfNode(call);
    for (const bool converts : {false, true})
        for (const std::shared_ptr<Operator> &overload : overloads) {
            std::optional<Stack> stack = boundTo(overload->schema(), given, converts);
            if (!stack)
                continue;
            copyWritten(overload->schema(), *stack);
            overload->getOperation()(*stack);
            if (stack->size() == 1)
                return asOutputs(call.node, std::move(stack->front()));
            return asOutputs(call.node, c10::ivalue::Tuple::create(std::move(*stack)));
        }
    throw RunError(overloads.empty() ? fmt::format("libtorch has no operator {}", printable(name))
                                     : fmt::format("no form of {} takes ({})", printable(name), typesOf(given)));
}

} // namespace quantscope
