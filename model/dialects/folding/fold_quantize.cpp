#include "dialects/folding/fold_quantize.h"

#include "base/parse_number.h"
#include "dialects/folding/fold_call.h"
#include "dialects/folding/fold_values.h"
#include "graph/onnx_types.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace quantscope::folding {

namespace {

/// One value per block along an axis (operator set 21): the block of each element.
std::vector<std::size_t> blockIndices(
    const Call &call, const FoldedValue &x, const FoldedValue &parameter, std::int64_t block)
{
    const std::size_t axis = axisOf(call.node.integer("axis", 1), x.shape.size());
    Shape blocks = x.shape;
    blocks[axis] = x.shape[axis] / block + (x.shape[axis] % block != 0 ? 1 : 0);
    if (parameter.shape != blocks)
        throw ParseError(fmt::format(
            "blocked scales have the shape [{}], not [{}]", fmt::join(parameter.shape, ","), fmt::join(blocks, ",")));
    std::vector<std::size_t> indices(x.count());
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < x.shape.size(); ++i)
        inner *= static_cast<std::size_t>(x.shape[i]);
    const auto size = static_cast<std::size_t>(x.shape[axis]), count = static_cast<std::size_t>(blocks[axis]);
    for (std::size_t k = 0; k < indices.size(); ++k) {
        const std::size_t outer = k / inner / size, along = k / inner % size;
        indices[k] = (outer * count + along / static_cast<std::size_t>(block)) * inner + k % inner;
    }
    return indices;
}

/// Scale or zero point against x: one value, one per slice along `axis` (default 1, as the operators define), or one
/// per block.
std::vector<std::size_t> parameterIndices(const Call &call, const FoldedValue &x, const FoldedValue &parameter)
{
    const std::int64_t block = call.node.integer("block_size", 0);
    if (block < 0)
        throw ParseError(fmt::format("the block size {}", block));
    if (parameter.count() == 1)
        return std::vector<std::size_t>(x.count(), 0);
    if (block > 0)
        return blockIndices(call, x, parameter, block);
    const std::size_t axis = axisOf(call.node.integer("axis", 1), x.shape.size());
    if (parameter.shape.size() != 1 || parameter.shape[0] != x.shape[axis])
        throw ParseError(
            fmt::format("{} scales do not fit axis {} of {} elements", parameter.count(), axis, x.shape[axis]));
    Shape broadcast(x.shape.size(), 1);
    broadcast[axis] = x.shape[axis];
    return broadcastIndices(broadcast, x.shape, call.limits);
}

std::vector<std::size_t> zeroIndices(const Call &call, const FoldedValue &x)
{
    return call.has(2) ? parameterIndices(call, x, call.operand(2)) : std::vector<std::size_t>(x.count(), 0);
}

struct Range {
    std::int64_t low, high;
};

Range rangeOf(DType dtype)
{
    const unsigned bits = dtypeBits(dtype);
    if (!isInteger(dtype) || bits > 32)
        throw ParseError("QuantizeLinear to this type is not computed");
    const std::int64_t span = std::int64_t{1} << bits;
    return isSigned(dtype) ? Range{-span / 2, span / 2 - 1} : Range{0, span - 1};
}

/// The nearest integer in the range; the float limits of 32-bit ranges are no exact integers.
std::int64_t saturated(float code, const Range &range)
{
    if (std::isnan(code))
        return 0;
    const float inside = std::clamp(code, static_cast<float>(range.low), static_cast<float>(range.high));
    return std::clamp(static_cast<std::int64_t>(inside), range.low, range.high);
}

DType quantizedType(const Call &call)
{
    const std::int64_t stated = call.node.integer("output_dtype", 0);
    if (call.has(2))
        return call.operand(2).dtype;
    return stated == 0 ? DType::UInt8 : dtypeFromOnnx(static_cast<std::uint64_t>(stated));
}

constexpr std::string_view kVitisDomain = "ai.onnx.contrib"; ///< operators that Vitis AI writes in Python

struct OtherName {
    std::string_view domain, quantize, dequantize;
};

/// onnxruntime ContribOperators.md; quark/onnx/operators/custom_ops: divides, rounds half to even, adds, saturates.
constexpr std::array kOtherNames = {
    OtherName{"", "QuantizeLinear", "DequantizeLinear"},
    OtherName{"com.microsoft", "QuantizeLinear", "DequantizeLinear"},
    OtherName{"com.vai.quantize", "VitisQuantizeLinear", "VitisDequantizeLinear"},
    OtherName{"com.amd.quark", "ExtendedQuantizeLinear", "ExtendedDequantizeLinear"},
    OtherName{kVitisDomain, "VaiQuantize", "VaiDeQuantize"},
    OtherName{kVitisDomain, "QuantizeLinear", "DequantizeLinear"}, // a later name of the two
    OtherName{"vai.quantize", "VaiQuantize", "VaiDeQuantize"},
};

bool isNamed(const Node &node, std::string_view OtherName::*name)
{
    return std::any_of(kOtherNames.begin(), kOtherNames.end(),
        [&](const OtherName &row) { return row.domain == node.domain && row.*name == node.opType; });
}

Range signedRange(int bits)
{
    const std::int64_t span = std::int64_t{1} << bits;
    return {-span / 2, span / 2 - 1};
}

Range within(const Range &range, const Node &node)
{
    const auto bits = codeBitsOf(node);
    if (!bits)
        return range;
    const Range kept = signedRange(*bits);
    return {std::max(range.low, kept.low), std::min(range.high, kept.high)};
}

/// Codes that are small floats are rounded and never shifted.
FoldedValue quantizedToMinifloat(const Call &call, const std::vector<float> &quotients, DType dtype)
{
    if (call.has(2))
        for (const float zero : call.operand(2).floats())
            if (zero != 0)
                throw ParseError("a zero point of small floats is not 0");
    FoldedValue wide{DType::Float32, call.operand(0).shape, quotients};
    return cast(wide, dtype, call.node.integer("saturate", 1) != 0);
}

} // namespace

bool isQuantizeLinear(const Node &node) { return isNamed(node, &OtherName::quantize); }
bool isDequantizeLinear(const Node &node) { return isNamed(node, &OtherName::dequantize); }

std::optional<int> codeBitsOf(const Node &node)
{
    constexpr std::int64_t kMostBits = 32;
    const Attribute *found = node.attribute("bit_width");
    if (found == nullptr || (node.domain != kVitisDomain && node.domain != "vai.quantize"))
        return std::nullopt;
    const auto bits
        = found->kind == Attribute::Kind::Int ? std::optional(found->i) : parseNumber<std::int64_t>(found->s);
    if (!bits || *bits < 1 || *bits > kMostBits)
        throw ParseError(
            fmt::format("the attribute bit_width of {} is no whole number from 1 to {}", node.opType, kMostBits));
    return static_cast<int>(*bits);
}

DType divisionType(const Node &node, DType scale)
{
    const DType stated = dtypeFromOnnx(static_cast<std::uint64_t>(node.integer("precision", 0)));
    if (stated != DType::Unknown)
        return stated;
    const bool half = scale == DType::Float16 || scale == DType::BFloat16;
    return half && node.domain.empty() ? scale : DType::Float32;
}

DType dequantizedType(const Node &node, DType scale)
{
    const DType stated = dtypeFromOnnx(static_cast<std::uint64_t>(node.integer("output_dtype", 0)));
    const DType found = stated != DType::Unknown ? stated : scale;
    if (isMinifloat(found) || !isFloating(found)) // a scale of powers of two alone says nothing of it
        return DType::Float32;
    return found;
}

// saturate(round_half_even(x / scale) + zero point): a division, not a product with the reciprocal (ONNX operator set
// 10).
FoldedValue quantizeLinear(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const DType dtype = quantizedType(call), precision = divisionType(call.node, call.operand(1).dtype);
    const std::vector<float> scales = call.operand(1).floats();
    const auto scaleAt = parameterIndices(call, x, call.operand(1));
    std::vector<float> quotients = x.floats();
    for (std::size_t i = 0; i < quotients.size(); ++i)
        quotients[i] = roundTo(precision, quotients[i] / scales[scaleAt[i]]);
    if (isMinifloat(dtype))
        return quantizedToMinifloat(call, quotients, dtype);
    const Range range = within(rangeOf(dtype), call.node);
    const std::vector<float> zeros = call.has(2) ? call.operand(2).floats() : std::vector<float>{0.0f};
    const auto zeroAt = zeroIndices(call, x);
    std::vector<std::int64_t> codes(quotients.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = saturated(std::nearbyint(quotients[i]) + zeros[zeroAt[i]], range);
    return {dtype, x.shape, std::move(codes)};
}

// (x - zero point) * scale, where the difference is one of integers.
FoldedValue dequantizeLinear(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    const DType dtype = dequantizedType(call.node, call.operand(1).dtype);
    const std::vector<float> scales = call.operand(1).floats();
    const auto scaleAt = parameterIndices(call, x, call.operand(1)), zeroAt = zeroIndices(call, x);
    std::vector<float> values(x.count());
    const auto bits = codeBitsOf(call.node);
    const auto fill = [&](auto codes, const auto &zeros) {
        using Code = typename decltype(codes)::value_type;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (bits)
                codes[i] = static_cast<Code>(saturated(static_cast<float>(codes[i]), signedRange(*bits)));
            values[i] = roundTo(dtype, static_cast<float>(codes[i] - zeros[zeroAt[i]]) * scales[scaleAt[i]]);
        }
    };
    if (x.isFloat())
        fill(x.floats(), call.has(2) ? call.operand(2).floats() : std::vector<float>{0.0f});
    else
        fill(x.integers(), call.has(2) ? call.operand(2).integers() : std::vector<std::int64_t>{0});
    return {dtype, x.shape, std::move(values)};
}

FoldedValue dynamicQuantizeLinear(const Call &call)
{
    const FoldedValue &x = call.operand(0);
    if (!x.isFloat() || x.dtype != DType::Float32)
        throw ParseError("DynamicQuantizeLinear of other types than float32 is not computed");
    const std::vector<float> values = x.floats();
    float low = 0, high = 0;
    for (const float value : values) {
        if (!std::isfinite(value))
            throw ParseError("DynamicQuantizeLinear of values that are not finite");
        low = std::min(low, value);
        high = std::max(high, value);
    }
    const float scale = (high - low) / 255.0f;
    if (!(scale > 0))
        throw ParseError("DynamicQuantizeLinear of zeros has no scale");
    const float zero = std::nearbyint(std::clamp(0.0f - low / scale, 0.0f, 255.0f));
    if (call.output == 1)
        return {DType::Float32, {}, std::vector<float>{scale}};
    if (call.output == 2)
        return {DType::UInt8, {}, std::vector<std::int64_t>{static_cast<std::int64_t>(zero)}};
    std::vector<std::int64_t> codes(values.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = saturated(std::nearbyint(values[i] / scale) + zero, {0, 255});
    return {DType::UInt8, x.shape, std::move(codes)};
}

} // namespace quantscope::folding
