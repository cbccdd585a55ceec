#include "formats/torchscript/script_value.h"

#include "base/error.h"

#include <algorithm>

namespace quantscope {

namespace {

/// Lists in lists of real models nest three deep; what a few lines of code repeat must not stand for millions.
constexpr std::uint32_t kDeepestSequence = 32;
constexpr std::uint64_t kLargestSequence = 1u << 22;

} // namespace

ScriptValue ScriptValue::of(Kind kind, std::int64_t number)
{
    ScriptValue out;
    out.kind = kind;
    out.number = number;
    return out;
}

ScriptValue ScriptValue::ofReal(double real)
{
    ScriptValue out = of(Kind::Float);
    out.real = real;
    return out;
}

ScriptValue ScriptValue::ofText(std::string text)
{
    ScriptValue out = of(Kind::Text);
    out.text = std::move(text);
    return out;
}

ScriptValue ScriptValue::ofFunction(std::string name)
{
    ScriptValue out = of(Kind::Function);
    out.text = std::move(name);
    return out;
}

ScriptValue ScriptValue::sequence(Kind kind, std::vector<ScriptValue> items)
{
    ScriptValue out = of(kind);
    for (const ScriptValue &item : items) {
        out.depth = std::max(out.depth, item.depth + 1);
        out.size += item.size;
    }
    if (out.depth > kDeepestSequence || out.size > kLargestSequence)
        throw ParseError("its code holds lists that are nested too deep or stand for too many elements");
    out.items = std::make_shared<std::vector<ScriptValue>>(std::move(items));
    return out;
}

std::optional<bool> ScriptValue::truth() const
{
    switch (kind) {
    case Kind::None: return false;
    case Kind::Bool:
    case Kind::Int: return number != 0;
    case Kind::Float: return real != 0;
    default: return std::nullopt;
    }
}

bool ScriptValue::same(const ScriptValue &other) const
{
    if (kind != other.kind)
        return false;
    if (kind == Kind::Float)
        return real == other.real;
    if (kind == Kind::Text || kind == Kind::Function)
        return text == other.text;
    if (items == nullptr || items == other.items)
        return number == other.number;
    // Elements that are sequences themselves count as different: nothing here is worth a walk of any depth.
    return other.items != nullptr
        && std::ranges::equal(*items, *other.items,
            [](const ScriptValue &a, const ScriptValue &b) { return a.items == nullptr && a.same(b); });
}

} // namespace quantscope
