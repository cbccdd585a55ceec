#include "formats/torchscript/script_decide.h"

#include <algorithm>
#include <array>
#include <compare>

namespace quantscope {

namespace {

using Kind = ScriptValue::Kind;
using Decided = std::optional<ScriptValue>;

Decided yesOrNo(bool value) { return ScriptValue::of(Kind::Bool, value ? 1 : 0); }

bool isKnown(const ScriptValue &value)
{
    if (value.isScalar())
        return true;
    return value.isSequence() && value.items != nullptr && std::ranges::all_of(*value.items, &ScriptValue::isScalar);
}

std::optional<std::partial_ordering> compared(const ScriptValue &a, const ScriptValue &b)
{
    if (a.isNumber() && b.isNumber())
        return a.is(Kind::Float) || b.is(Kind::Float) ? a.asReal() <=> b.asReal()
                                                      : std::partial_ordering(a.number <=> b.number);
    if (!isKnown(a) || !isKnown(b))
        return std::nullopt;
    if (a.is(Kind::Text) && b.is(Kind::Text))
        return a.text <=> b.text;
    return a.same(b) ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
}

template <class Holds> Decided compare(const ScriptArguments &a, const Holds &holds)
{
    const auto order = a.size() == 2 ? compared(a[0].second, a[1].second) : std::nullopt;
    return order ? yesOrNo(holds(*order)) : std::nullopt;
}

Decided equal(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o == 0; });
}
Decided notEqual(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o != 0; });
}
Decided less(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o < 0; });
}
Decided lessOrEqual(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o <= 0; });
}
Decided greater(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o > 0; });
}
Decided greaterOrEqual(const ScriptArguments &a)
{
    return compare(a, [](auto o) { return o >= 0; });
}

/// Only None is None: what a value of the graph holds at run time is a tensor or a number, unless a branch made it.
Decided is(const ScriptArguments &a)
{
    if (a.size() != 2
        || std::ranges::any_of(a, [](const auto &one) { return one.second.is(Kind::Unset) || one.second.mayBeNone; }))
        return std::nullopt;
    if (a[0].second.is(Kind::None) || a[1].second.is(Kind::None))
        return yesOrNo(a[0].second.kind == a[1].second.kind);
    return std::nullopt;
}

Decided isNot(const ScriptArguments &a)
{
    const Decided same = is(a);
    return same ? yesOrNo(same->number == 0) : std::nullopt;
}

Decided opposite(const ScriptArguments &a)
{
    const auto truth = a.size() == 1 ? a[0].second.truth() : std::nullopt;
    return truth ? yesOrNo(!*truth) : std::nullopt;
}

Decided both(const ScriptArguments &a)
{
    const bool logic = a.size() == 2 && a[0].second.is(Kind::Bool) && a[1].second.is(Kind::Bool);
    return logic ? yesOrNo(a[0].second.number != 0 && a[1].second.number != 0) : std::nullopt;
}

Decided either(const ScriptArguments &a)
{
    const bool logic = a.size() == 2 && a[0].second.is(Kind::Bool) && a[1].second.is(Kind::Bool);
    return logic ? yesOrNo(a[0].second.number != 0 || a[1].second.number != 0) : std::nullopt;
}

template <class Operation> Decided arithmetic(const ScriptArguments &a, const Operation &operation)
{
    if (a.size() != 2 || !a[0].second.is(Kind::Int) || !a[1].second.is(Kind::Int))
        return std::nullopt;
    std::int64_t result = 0;
    return operation(a[0].second.number, a[1].second.number, result) ? Decided(ScriptValue::of(Kind::Int, result))
                                                                     : std::nullopt;
}

Decided sum(const ScriptArguments &a)
{
    return arithmetic(a, [](auto x, auto y, auto &r) { return !__builtin_add_overflow(x, y, &r); });
}

Decided difference(const ScriptArguments &a)
{
    return arithmetic(a, [](auto x, auto y, auto &r) { return !__builtin_sub_overflow(x, y, &r); });
}

Decided product(const ScriptArguments &a)
{
    return arithmetic(a, [](auto x, auto y, auto &r) { return !__builtin_mul_overflow(x, y, &r); });
}

Decided quotient(const ScriptArguments &a)
{
    return arithmetic(a, [](auto x, auto y, auto &r) { // towards minus infinity; other cases are left alone
        r = y > 0 && x >= 0 ? x / y : 0;
        return y > 0 && x >= 0;
    });
}

Decided length(const ScriptArguments &a)
{
    if (a.size() != 1)
        return std::nullopt;
    const ScriptValue &of = a[0].second;
    if (of.is(Kind::Text))
        return ScriptValue::of(Kind::Int, static_cast<std::int64_t>(of.text.size()));
    return of.isSequence() && of.items != nullptr
        ? Decided(ScriptValue::of(Kind::Int, static_cast<std::int64_t>(of.items->size())))
        : std::nullopt;
}

Decided contains(const ScriptArguments &a)
{
    if (a.size() != 2 || !a[0].second.isSequence() || !isKnown(a[0].second) || !a[1].second.isScalar())
        return std::nullopt;
    return yesOrNo(std::ranges::any_of(*a[0].second.items, [&](const ScriptValue &v) { return v.same(a[1].second); }));
}

struct DecideRow {
    std::string_view opType;
    Decided (*decide)(const ScriptArguments &);
};

constexpr std::array kRows = {
    DecideRow{"eq", equal},
    DecideRow{"ne", notEqual},
    DecideRow{"lt", less},
    DecideRow{"le", lessOrEqual},
    DecideRow{"gt", greater},
    DecideRow{"ge", greaterOrEqual},
    DecideRow{"__is__", is},
    DecideRow{"__isnot__", isNot},
    DecideRow{"__not__", opposite},
    DecideRow{"__and__", both},
    DecideRow{"__or__", either},
    DecideRow{"add", sum},
    DecideRow{"sub", difference},
    DecideRow{"mul", product},
    DecideRow{"floordiv", quotient},
    DecideRow{"len", length},
    DecideRow{"__contains__", contains},
};

} // namespace

std::optional<ScriptValue> decideScript(std::string_view opType, const ScriptArguments &arguments)
{
    const auto row = std::ranges::find(kRows, opType, &DecideRow::opType);
    return row == kRows.end() ? std::nullopt : row->decide(arguments);
}

} // namespace quantscope
