#include "run/torch/quant_ops_linear.h"

#include "dialects/folding/fold_quantize.h"
#include "graph/onnx_types.h"
#include "run/torch/quant_parameters.h"
#include "run/torch/quantize_tensor.h"
#include "run/torch/tensor_values.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ops/clamp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/round.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

using Made = std::vector<c10::IValue>;

bool hasSeveral(const at::Tensor &parameter) { return parameter.numel() != 1; }

/// Against x: one for all, one a slice along the axis, or one a block of that many elements along it.
at::Tensor fittedTo(const at::Tensor &parameter, const at::Tensor &x, std::int64_t axis, std::int64_t block)
{
    if (!hasSeveral(parameter))
        return parameter.reshape({});
    axis += axis < 0 ? x.dim() : 0;
    if (axis < 0 || axis >= x.dim())
        throw RunError(fmt::format("its axis {} is none of {}", axis, x.dim()));
    if (block > 0) {
        if (parameter.dim() != x.dim() || parameter.size(axis) != (x.size(axis) + block - 1) / block)
            throw RunError("its blocks do not fit what it quantizes");
        return at::repeat_interleave(parameter, block, axis).narrow(axis, 0, x.size(axis));
    }
    if (parameter.dim() != 1 || parameter.numel() != x.size(axis))
        throw RunError(fmt::format("{} scales do not fit an axis of {}", parameter.numel(), x.size(axis)));
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(axis)] = parameter.numel();
    return parameter.reshape(shape);
}

std::int64_t blockOf(const OpCall &call) { return call.node.integer("block_size", 0); }

/// The codes' type: that of the zero point, else an attribute, else uint8.
DType codeType(const OpCall &call, std::size_t zeroPoint)
{
    if (call.input(zeroPoint).isTensor())
        return typeOfInput(call, zeroPoint);
    const DType stated = dtypeFromOnnx(static_cast<std::uint64_t>(call.node.integer("output_dtype", 0)));
    return stated == DType::Unknown ? DType::UInt8 : stated;
}

CodeRange limitsOf(const OpCall &call, DType type)
{
    const CodeRange range = rangeOf(type);
    const auto bits = folding::codeBitsOf(call.node);
    const CodeRange kept = bits ? codeRange(*bits, true, false) : range;
    return {std::max(range.min, kept.min), std::min(range.max, kept.max)};
}

/// A quantizer of whole codes with one scale or one a slice; blocks and other shapes have none.
Quantizer dividingBy(const at::Tensor &scale, const at::Tensor &zero, std::int64_t axis, std::int64_t rank, DType type)
{
    Quantizer q;
    q.rule = CodeRule::DivideRoundAdd;
    q.scale = axisParameter(scale, axis, rank);
    q.zeroPoint = axisParameter(zero, axis, rank);
    q.bitWidth = static_cast<int>(dtypeBits(type));
    q.isSigned = isSigned(type);
    q.narrow = false;
    return q;
}

at::Tensor zeroPointOr0(const OpCall &call, std::size_t position)
{
    return call.input(position).isTensor() ? call.tensor(position).to(at::kFloat)
                                           : at::full({}, 0.0, at::TensorOptions(at::kFloat));
}

/// By the kernels where they know the form; else the same operations over whole tensors.
at::Tensor linearCodes(
    const OpCall &call, const at::Tensor &x, std::size_t scaleAt, std::size_t zeroAt, std::int64_t axis)
{
    const DType type = codeType(call, zeroAt);
    const CodeRange range = limitsOf(call, type);
    const at::Tensor scale = call.tensor(scaleAt).to(at::kFloat), zero = zeroPointOr0(call, zeroAt);
    const std::int64_t block = blockOf(call);
    at::Tensor codes;
    if (block == 0 && scale.dim() <= 1 && dtypeBits(type) <= 16)
        codes = quantizedCodes(x, dividingBy(scale, zero, axis, x.dim(), type));
    else
        codes = at::round(x.to(at::kFloat).div(fittedTo(scale, x, axis, block))).add(fittedTo(zero, x, axis, block));
    codes = at::clamp(codes.to(at::kDouble), static_cast<double>(range.min), static_cast<double>(range.max));
    return codes.to(scalarTypeOf(type));
}

Made quantizeLinear(const OpCall &call)
{
    return {linearCodes(call, call.tensor(0), 1, 2, call.node.integer("axis", 1))};
}

/// The difference is one of integers.
Made dequantizeLinear(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), scale = call.tensor(1);
    if (call.floats != 0)
        return {x};
    const std::int64_t axis = call.node.integer("axis", 1), block = blockOf(call);
    at::Tensor codes = x;
    if (const auto bits = folding::codeBitsOf(call.node)) {
        const CodeRange kept = codeRange(*bits, true, false);
        codes = at::clamp(codes, kept.min, kept.max);
    }
    if (call.input(2).isTensor() && !at::isFloatingType(x.scalar_type()))
        codes = codes.to(at::kLong).sub(fittedTo(call.tensor(2).to(at::kLong), x, axis, block));
    const DType stated = dtypeFromOnnx(static_cast<std::uint64_t>(call.node.integer("output_dtype", 0)));
    const at::Tensor values = codes.to(at::kFloat).mul(fittedTo(scale.to(at::kFloat), x, axis, block));
    return {values.to(stated != DType::Unknown ? scalarTypeOf(stated) : scale.scalar_type())};
}

/// ONNX operator set 11: the range with 0 in it, over 255 steps.
Made dynamicQuantizeLinear(const OpCall &call)
{
    const at::Tensor x = call.tensor(0).to(at::kFloat);
    float low = 0, high = 0;
    if (x.numel() > 0) {
        low = std::min(0.0f, x.min().item().toFloat());
        high = std::max(0.0f, x.max().item().toFloat());
    }
    const float scale = (high - low) / 255.0f;
    if (!(scale > 0) || std::isinf(scale))
        throw RunError("what it quantizes is all zeros or not finite, and has no scale");
    const float zero = std::nearbyint(std::clamp(0.0f - low / scale, 0.0f, 255.0f));
    const at::TensorOptions floats(at::kFloat);
    const at::Tensor scaleTensor = at::full({}, static_cast<double>(scale), floats),
                     zeroTensor = at::full({}, static_cast<double>(zero), floats);
    const at::Tensor codes = quantizedCodes(x, dividingBy(scaleTensor, zeroTensor, 0, x.dim(), DType::UInt8));
    return {codes.to(at::kByte), scaleTensor, zeroTensor.to(at::kByte)};
}

constexpr std::array kLinearRows = {
    OpRow{"", "QuantizeLinear", quantizeLinear, CodesRole::Makes},
    OpRow{"", "DequantizeLinear", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"", "DynamicQuantizeLinear", dynamicQuantizeLinear},
    OpRow{"com.microsoft", "QuantizeLinear", quantizeLinear, CodesRole::Makes},
    OpRow{"com.microsoft", "DequantizeLinear", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"com.vai.quantize", "VitisQuantizeLinear", quantizeLinear, CodesRole::Makes},
    OpRow{"com.vai.quantize", "VitisDequantizeLinear", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"com.amd.quark", "ExtendedQuantizeLinear", quantizeLinear, CodesRole::Makes},
    OpRow{"com.amd.quark", "ExtendedDequantizeLinear", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"ai.onnx.contrib", "VaiQuantize", quantizeLinear, CodesRole::Makes},
    OpRow{"ai.onnx.contrib", "VaiDeQuantize", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"ai.onnx.contrib", "QuantizeLinear", quantizeLinear, CodesRole::Makes},
    OpRow{"ai.onnx.contrib", "DequantizeLinear", dequantizeLinear, CodesRole::Takes, 1},
    OpRow{"vai.quantize", "VaiQuantize", quantizeLinear, CodesRole::Makes},
    OpRow{"vai.quantize", "VaiDeQuantize", dequantizeLinear, CodesRole::Takes, 1},
};

} // namespace

std::span<const OpRow> quantizeLinearOperators() { return kLinearRows; }

at::Tensor shiftedCodes(const OpCall &call, std::size_t codes, std::size_t zeroPoint, std::int64_t axis)
{
    const at::Tensor x = call.tensor(codes), wide = x.to(at::kDouble);
    return call.input(zeroPoint).isTensor() ? wide.sub(fittedTo(call.tensor(zeroPoint).to(at::kDouble), x, axis, 0))
                                            : wide;
}

at::Tensor dequantizedInput(
    const OpCall &call, std::size_t codes, std::size_t scale, std::size_t zeroPoint, std::int64_t axis)
{
    if (call.hasFloats(codes))
        return call.tensor(codes);
    const at::Tensor shifted = shiftedCodes(call, codes, zeroPoint, axis).to(at::kFloat);
    return shifted.mul(fittedTo(call.tensor(scale).to(at::kFloat), shifted, axis, 0));
}

at::Tensor quantizedOutput(const OpCall &call, const at::Tensor &x, std::size_t scale, std::size_t zeroPoint)
{
    return linearCodes(call, x, scale, zeroPoint, 1);
}

} // namespace quantscope
