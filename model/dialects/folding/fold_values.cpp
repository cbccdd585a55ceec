#include "dialects/folding/fold_values.h"

#include "base/text.h"
#include "tensor/element.h"
#include "tensor/minifloat_pattern.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

/// Rounds to `digits` binary digits behind the leading one; below 2^lowest the spacing stays (denormals). Scaling by
/// powers of two is exact, so this is one correct rounding, half to even.
float roundBinary(float value, int digits, int lowest, float largest)
{
    if (value == 0 || !std::isfinite(value))
        return value;
    const int exponent = std::max(std::ilogb(value), lowest);
    const double rounded = std::nearbyint(std::ldexp(static_cast<double>(value), digits - exponent));
    const double result = std::ldexp(rounded, exponent - digits);
    if (std::fabs(result) > static_cast<double>(largest))
        return std::copysign(std::numeric_limits<float>::infinity(), value);
    return static_cast<float>(result);
}

using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

bool isNegative(std::int64_t value) { return value < 0; }

/// Is every element of a float64 tensor a float32?
bool fitsFloat32(const TensorInfo &tensor, const Floats &rounded)
{
    TensorReader reader(tensor);
    std::vector<std::uint64_t> patterns(rounded.size());
    reader.patterns(0, patterns);
    for (std::size_t i = 0; i < rounded.size(); ++i) {
        const auto wide = std::bit_cast<double>(patterns[i]);
        if (static_cast<double>(rounded[i]) != wide && !std::isnan(wide))
            return false;
    }
    return true;
}

/// The values of a small float's patterns.
Floats minifloats(const Floats &values, DType dtype, bool saturate)
{
    Floats out(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto pattern = minifloatPatternOf(dtype, values[i], saturate);
        if (!pattern)
            throw ParseError(fmt::format("{} as {} is not computed", shortest(values[i]), dtypeName(dtype)));
        out[i] = elementToFloat(dtype, *pattern);
    }
    return out;
}

std::int64_t truncated(float value)
{
    if (std::isnan(value))
        return 0;
    if (std::fabs(value) >= 9.2e18f)
        return value < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(value);
}

} // namespace

std::size_t boundedCount(const Shape &shape, const Limits &limits)
{
    if (shape.size() > limits.rank)
        throw ParseError(fmt::format("a computed constant has {} axes", shape.size()));
    const std::uint64_t count = elementCount(shape, limits);
    if (count > limits.foldElements)
        throw ParseError(fmt::format("a computed constant of {} elements is too big", count));
    return static_cast<std::size_t>(count);
}

std::size_t axisOf(std::int64_t axis, std::size_t rank)
{
    const auto size = static_cast<std::int64_t>(rank);
    if (axis < -size || axis >= size)
        throw ParseError(fmt::format("axis {} is out of range for {} axes", axis, rank));
    return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

FoldedValue fromTensor(const TensorInfo &tensor, const Limits &limits)
{
    if (!tensor.problem.empty())
        throw ParseError("tensor '" + printable(tensor.name) + "': " + tensor.problem);
    const std::size_t count = boundedCount(tensor.shape, limits);
    FoldedValue out;
    out.dtype = tensor.dtype;
    out.shape = tensor.shape;
    if (isFloating(tensor.dtype))
        out.data = count == 0 ? std::vector<float>() : readFloats(tensor);
    else
        out.data = count == 0 ? std::vector<std::int64_t>() : readIntegers(tensor);
    if (tensor.dtype == DType::UInt64 && std::ranges::any_of(std::get<Integers>(out.data), isNegative))
        throw ParseError(
            "tensor '" + printable(tensor.name) + "' has numbers of 2^63 and more, which are not computed");
    out.rounded = tensor.dtype == DType::Float64 && count != 0 && !fitsFloat32(tensor, std::get<Floats>(out.data));
    return out;
}

Shape broadcastShape(const Shape &a, const Shape &b)
{
    Shape out(std::max(a.size(), b.size()), 1);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::int64_t left = i < a.size() ? a[a.size() - 1 - i] : 1;
        const std::int64_t right = i < b.size() ? b[b.size() - 1 - i] : 1;
        if (left != right && left != 1 && right != 1)
            throw ParseError(
                fmt::format("shapes [{}] and [{}] do not broadcast", fmt::join(a, ","), fmt::join(b, ",")));
        out[out.size() - 1 - i] = left == 1 ? right : left;
    }
    return out;
}

std::vector<std::size_t> broadcastIndices(const Shape &from, const Shape &to, const Limits &limits)
{
    const std::size_t count = boundedCount(to, limits);
    std::vector<std::size_t> indices(count, 0);
    std::size_t stride = 1, inner = 1;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const std::size_t axis = to.size() - 1 - i;
        const auto size = static_cast<std::size_t>(to[axis]);
        const std::int64_t own = i < from.size() ? from[from.size() - 1 - i] : 1;
        if (own != 1)
            for (std::size_t k = 0; k < count; ++k)
                indices[k] += k / inner % size * stride;
        stride *= static_cast<std::size_t>(own);
        inner *= size;
    }
    return indices;
}

float roundTo(DType dtype, float value)
{
    switch (dtype) {
    case DType::Float16: return roundBinary(value, 10, -14, 65504.0f);
    case DType::BFloat16: return roundBinary(value, 7, -126, 3.38953139e38f);
    case DType::Float64: throw ParseError("arithmetic in float64 is not computed");
    default: return value;
    }
}

std::int64_t wrapTo(DType dtype, std::int64_t value)
{
    const unsigned bits = dtypeBits(dtype);
    if (dtype == DType::Bool)
        return value != 0 ? 1 : 0;
    if (bits == 0 || bits >= 64)
        return value;
    const std::uint64_t low = static_cast<std::uint64_t>(value) & ((1ull << bits) - 1);
    const bool negative = isSigned(dtype) && ((low >> (bits - 1)) & 1) != 0;
    return static_cast<std::int64_t>(negative ? low | ~((1ull << bits) - 1) : low);
}

FoldedValue cast(const FoldedValue &value, DType dtype, bool saturate)
{
    FoldedValue out{dtype, value.shape, {}};
    if (isFloating(dtype)) {
        std::vector<float> floats = value.floats();
        if (isMinifloat(dtype))
            floats = minifloats(floats, dtype, saturate);
        if (dtype == DType::Float16 || dtype == DType::BFloat16)
            std::transform(floats.begin(), floats.end(), floats.begin(), [&](float v) { return roundTo(dtype, v); });
        out.data = std::move(floats);
        return out;
    }
    if (!isInteger(dtype))
        throw ParseError("a cast to an unknown type is not computed");
    std::vector<std::int64_t> integers;
    if (const auto *floats = std::get_if<std::vector<float>>(&value.data)) {
        for (const float v : *floats)
            integers.push_back(dtype == DType::Bool ? v != 0 : wrapTo(dtype, truncated(v)));
    } else {
        for (const std::int64_t v : std::get<std::vector<std::int64_t>>(value.data))
            integers.push_back(wrapTo(dtype, v));
    }
    out.data = std::move(integers);
    return out;
}

} // namespace quantscope::folding
