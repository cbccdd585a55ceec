#include "dialects/folding/fold_elementwise.h"

#include "dialects/folding/fold_call.h"
#include "dialects/folding/fold_values.h"
#include "graph/onnx_types.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

template <class Operation> FoldedValue unaryFloat(const Call &call, const Operation &operation)
{
    const FoldedValue &x = call.operand(0);
    FoldedValue out{x.dtype, x.shape, Floats(x.count())};
    const Floats in = x.floats();
    std::transform(in.begin(), in.end(), std::get<Floats>(out.data).begin(),
        [&](float v) { return roundTo(x.dtype, operation(v)); });
    return out;
}

/// Operators that exist for integers too.
template <class OnFloat, class OnInteger>
FoldedValue unary(const Call &call, const OnFloat &onFloat, const OnInteger &onInteger)
{
    const FoldedValue &x = call.operand(0);
    if (x.isFloat())
        return unaryFloat(call, onFloat);
    FoldedValue out{x.dtype, x.shape, Integers(x.count())};
    const Integers &in = std::get<Integers>(x.data);
    std::transform(in.begin(), in.end(), std::get<Integers>(out.data).begin(),
        [&](std::int64_t v) { return wrapTo(x.dtype, onInteger(v)); });
    return out;
}

std::int64_t negated(std::int64_t v) { return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(v)); }

/// Before operator set 7 operands were broadcast only where `broadcast` says so, and from `axis` on.
FoldedValue placed(const Call &call, const FoldedValue &a, const FoldedValue &b)
{
    FoldedValue out = b;
    const std::int64_t axis = call.node.integer("axis", 0);
    const bool named = call.node.integer("broadcast", 0) != 0 && call.node.attribute("axis") != nullptr;
    if (!named || b.shape.size() >= a.shape.size())
        return out;
    const std::size_t before = axisOf(axis, a.shape.size());
    if (before + b.shape.size() > a.shape.size())
        throw ParseError(fmt::format("an operand of {} axes does not fit from axis {} on", b.shape.size(), axis));
    out.shape.resize(a.shape.size() - before, 1);
    return out;
}

/// numpy's broadcasting; the result has the type of the first operand, as every ONNX operator here has.
template <class OnFloat, class OnInteger>
FoldedValue binary(
    const Call &call, const FoldedValue &a, const FoldedValue &b, const OnFloat &onFloat, const OnInteger &onInteger)
{
    const Shape shape = broadcastShape(a.shape, b.shape);
    const auto left = broadcastIndices(a.shape, shape, call.limits);
    const auto right = broadcastIndices(b.shape, shape, call.limits);
    if (a.isFloat()) {
        const Floats x = a.floats(), y = b.floats();
        Floats out(left.size());
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = roundTo(a.dtype, onFloat(x[left[i]], y[right[i]]));
        return {a.dtype, shape, std::move(out)};
    }
    const Integers x = a.integers(), y = b.integers();
    Integers out(left.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = wrapTo(a.dtype, onInteger(x[left[i]], y[right[i]]));
    return {a.dtype, shape, std::move(out)};
}

/// Integers wrap as an ONNX runtime's do.
template <class Operation> std::int64_t wrapping(std::int64_t a, std::int64_t b, const Operation &operation)
{
    return static_cast<std::int64_t>(operation(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}

std::int64_t integerPower(std::int64_t base, std::int64_t exponent)
{
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    std::uint64_t result = 1, factor = static_cast<std::uint64_t>(base);
    for (; exponent != 0; exponent >>= 1, factor *= factor)
        if ((exponent & 1) != 0)
            result *= factor;
    return static_cast<std::int64_t>(result);
}

/// Min and Max take any number of operands; NaN wins, as numpy's minimum has it.
template <bool smallest> FoldedValue extreme(const Call &call)
{
    FoldedValue out = call.operand(0);
    const auto pick = [](auto a, auto b) { return smallest == (b < a) ? b : a; };
    for (std::size_t i = 1; i < call.operands.size(); ++i)
        out = binary(
            call, out, call.operand(i),
            [&](float a, float b) { return std::isnan(a) ? a
                                        : std::isnan(b)  ? b
                                                         : pick(a, b); }, pick);
    return out;
}

} // namespace

FoldedValue negate(const Call &call)
{
    return unary(
        call, [](float v) { return -v; }, negated);
}

FoldedValue absolute(const Call &call)
{
    return unary(
        call, [](float v) { return std::fabs(v); }, [](std::int64_t v) { return v < 0 ? negated(v) : v; });
}

FoldedValue exponential(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::exp(v); });
}

FoldedValue logarithm(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::log(v); });
}

FoldedValue squareRoot(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::sqrt(v); });
}

FoldedValue reciprocal(const Call &call)
{
    return unaryFloat(call, [](float v) { return 1.0f / v; });
}

FoldedValue roundHalfEven(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::nearbyint(v); });
}

FoldedValue roundDown(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::floor(v); });
}

FoldedValue roundUp(const Call &call)
{
    return unaryFloat(call, [](float v) { return std::ceil(v); });
}

FoldedValue identity(const Call &call) { return call.operand(0); }

FoldedValue castTo(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const Attribute *to = call.node.attribute("to");
    const bool byName = to != nullptr && to->kind == Attribute::Kind::String; // before operator set 6
    const DType dtype
        = byName ? dtypeFromOnnx(to->s) : dtypeFromOnnx(static_cast<std::uint64_t>(call.node.integer("to", 0)));
    if (x.rounded && dtype != DType::Float32 && dtype != DType::Float64)
        throw ParseError("arithmetic in float64 is not computed");
    FoldedValue out = cast(x, dtype, call.node.integer("saturate", 1) != 0);
    out.rounded = x.rounded && dtype == DType::Float64;
    return out;
}

FoldedValue castLike(const Call &call)
{
    if (call.operand(0).rounded && call.operand(1).dtype != DType::Float32)
        throw ParseError("arithmetic in float64 is not computed");
    return cast(call.operand(0), call.operand(1).dtype, call.node.integer("saturate", 1) != 0);
}

FoldedValue add(const Call &call)
{
    return binary(
        call, call.operand(0), placed(call, call.operand(0), call.operand(1)), [](float a, float b) { return a + b; },
        [](auto a, auto b) { return wrapping(a, b, std::plus<std::uint64_t>()); });
}

FoldedValue subtract(const Call &call)
{
    return binary(
        call, call.operand(0), placed(call, call.operand(0), call.operand(1)), [](float a, float b) { return a - b; },
        [](auto a, auto b) { return wrapping(a, b, std::minus<std::uint64_t>()); });
}

FoldedValue multiply(const Call &call)
{
    return binary(
        call, call.operand(0), placed(call, call.operand(0), call.operand(1)), [](float a, float b) { return a * b; },
        [](auto a, auto b) { return wrapping(a, b, std::multiplies<std::uint64_t>()); });
}

FoldedValue divide(const Call &call)
{
    return binary(
        call, call.operand(0), placed(call, call.operand(0), call.operand(1)), [](float a, float b) { return a / b; },
        [](std::int64_t a, std::int64_t b) {
            if (b == 0)
                throw ParseError("an integer is divided by zero");
            return b == -1 ? negated(a) : a / b;
        });
}

FoldedValue power(const Call &call)
{
    return binary(
        call, call.operand(0), placed(call, call.operand(0), call.operand(1)),
        [](float a, float b) { return std::pow(a, b); }, integerPower);
}

/// Bounds are inputs since operator set 11, attributes before; either may be absent.
FoldedValue clip(const Call &call)
{
    const auto bound = [&](std::size_t position, const char *name) -> std::optional<FoldedValue> {
        if (call.has(position)) {
            if (call.operand(position).count() != 1)
                throw ParseError("a bound of Clip is not one number");
            FoldedValue scalar = call.operand(position);
            scalar.shape.clear();
            return scalar;
        }
        const Attribute *attribute = call.node.attribute(name);
        if (attribute == nullptr || attribute->kind != Attribute::Kind::Float)
            return std::nullopt;
        return FoldedValue{DType::Float32, {}, Floats{attribute->f}};
    };
    FoldedValue out = call.operand(0);
    if (const auto low = bound(1, "min"))
        out = binary(
            call, out, *low, [](float a, float b) { return a < b ? b : a; },
            [](auto a, auto b) { return std::max(a, b); });
    if (const auto high = bound(2, "max"))
        out = binary(
            call, out, *high, [](float a, float b) { return a > b ? b : a; },
            [](auto a, auto b) { return std::min(a, b); });
    return out;
}

FoldedValue minimum(const Call &call) { return extreme<true>(call); }
FoldedValue maximum(const Call &call) { return extreme<false>(call); }

} // namespace quantscope::folding
