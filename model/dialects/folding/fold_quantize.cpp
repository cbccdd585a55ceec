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

/// Scale or zero point against x: one value, or one per slice along `axis` (default 1, as the operators define).
std::vector<std::size_t> parameterIndices(const Call &call, const FoldedValue &x, const FoldedValue &parameter)
{
    if (parameter.count() == 1)
        return std::vector<std::size_t>(x.count(), 0);
    const std::size_t axis = axisOf(call.node.integer("axis", 1), x.shape.size());
    if (parameter.shape.size() != 1 || parameter.shape[0] != x.shape[axis])
        throw ParseError(
            fmt::format("{} scales do not fit axis {} of {} elements", parameter.count(), axis, x.shape[axis]));
    Shape broadcast(x.shape.size(), 1);
    broadcast[axis] = x.shape[axis];
    return broadcastIndices(broadcast, x.shape, call.limits);
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

void refuseBlocks(const Call &call)
{
    if (call.node.integer("block_size", 0) != 0)
        throw ParseError("blocked scales inside computed constants are not decoded");
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

// saturate(round_half_even(x / scale) + zero point): a division, not a product with the reciprocal (ONNX operator set
// 10).
FoldedValue quantizeLinear(const Call &call)
{
    refuseBlocks(call);
    const FoldedValue &x = call.operand(0);
    const DType dtype = quantizedType(call);
    const Range range = within(rangeOf(dtype), call.node);
    const std::vector<float> values = x.floats(), scales = call.operand(1).floats();
    const std::vector<float> zeros = call.has(2) ? call.operand(2).floats() : std::vector<float>{0.0f};
    const auto scaleAt = parameterIndices(call, x, call.operand(1));
    const auto zeroAt
        = call.has(2) ? parameterIndices(call, x, call.operand(2)) : std::vector<std::size_t>(x.count(), 0);
    std::vector<std::int64_t> codes(values.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = saturated(std::nearbyint(values[i] / scales[scaleAt[i]]) + zeros[zeroAt[i]], range);
    return {dtype, x.shape, std::move(codes)};
}

FoldedValue dequantizeLinear(const Call &call)
{
    refuseBlocks(call);
    const FoldedValue &x = call.operand(0);
    const std::vector<float> scales = call.operand(1).floats();
    const auto scaleAt = parameterIndices(call, x, call.operand(1));
    const std::vector<float> zeros = call.has(2) ? call.operand(2).floats() : std::vector<float>{0.0f};
    const auto zeroAt
        = call.has(2) ? parameterIndices(call, x, call.operand(2)) : std::vector<std::size_t>(x.count(), 0);
    const std::vector<float> codes = x.floats();
    const auto bits = codeBitsOf(call.node);
    std::vector<float> values(codes.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float code = bits ? static_cast<float>(saturated(codes[i], signedRange(*bits))) : codes[i];
        values[i] = (code - zeros[zeroAt[i]]) * scales[scaleAt[i]];
    }
    return {DType::Float32, x.shape, std::move(values)};
}

} // namespace quantscope::folding
