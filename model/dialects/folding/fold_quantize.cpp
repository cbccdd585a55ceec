#include "dialects/folding/fold_quantize.h"

#include "dialects/folding/fold_call.h"
#include "dialects/folding/fold_values.h"

#include <algorithm>
#include <cmath>

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
        throw ParseError(fmt::format("{} scales do not fit an axis of {}", parameter.count(), x.shape[axis]));
    Shape broadcast(x.shape.size(), 1);
    broadcast[axis] = x.shape[axis];
    return broadcastIndices(broadcast, x.shape, call.limits);
}

struct Range {
    float low, high;
};

Range rangeOf(DType dtype)
{
    const unsigned bits = dtypeBits(dtype);
    if (!isInteger(dtype) || bits > 16)
        throw ParseError("QuantizeLinear to this type is not computed");
    const auto span = static_cast<float>(1u << bits);
    return isSigned(dtype) ? Range{-span / 2, span / 2 - 1} : Range{0, span - 1};
}

void refuseBlocks(const Call &call)
{
    if (call.node.integer("block_size", 0) != 0)
        throw ParseError("blocked scales inside computed constants are not decoded");
}

} // namespace

// saturate(round_half_even(x / scale) + zero point): a division, not a product with the reciprocal (ONNX operator set
// 10).
FoldedValue quantizeLinear(const Call &call)
{
    refuseBlocks(call);
    const FoldedValue &x = call.operand(0);
    const DType dtype = call.has(2) ? call.operand(2).dtype : DType::UInt8;
    const Range range = rangeOf(dtype);
    const std::vector<float> values = x.floats(), scales = call.operand(1).floats();
    const std::vector<float> zeros = call.has(2) ? call.operand(2).floats() : std::vector<float>{0.0f};
    const auto scaleAt = parameterIndices(call, x, call.operand(1));
    const auto zeroAt
        = call.has(2) ? parameterIndices(call, x, call.operand(2)) : std::vector<std::size_t>(x.count(), 0);
    std::vector<std::int64_t> codes(values.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const float code = std::nearbyint(values[i] / scales[scaleAt[i]]) + zeros[zeroAt[i]];
        codes[i] = std::isnan(code) ? 0 : static_cast<std::int64_t>(std::clamp(code, range.low, range.high));
    }
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
    std::vector<float> values(codes.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = (codes[i] - zeros[zeroAt[i]]) * scales[scaleAt[i]];
    return {DType::Float32, x.shape, std::move(values)};
}

} // namespace quantscope::folding
