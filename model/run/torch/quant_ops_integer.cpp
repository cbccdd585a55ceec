#include "run/torch/quant_ops_integer.h"

#include "run/torch/quant_ops_linear.h"

#include <array>

#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/round.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

using Made = std::vector<c10::IValue>;

constexpr std::int64_t kColumns = -1; ///< the axis of the scales of a matrix on the right

/// The operator of floats that has the same attributes.
at::Tensor asFloats(const OpCall &call, std::string_view opType, std::vector<c10::IValue> inputs)
{
    const OpFunction function = operatorFunction("", opType);
    if (function == nullptr)
        throw RunError(fmt::format("the operator {} of floats is not known here", opType));
    Made made = function({call.node, call.file, call.opset, inputs});
    if (made.empty() || !made[0].isTensor())
        throw RunError(fmt::format("the operator {} of floats makes nothing", opType));
    return made[0].toTensor();
}

/// One for all, or one a slice along an axis of something of that rank.
at::Tensor scaleAlong(const at::Tensor &scale, std::int64_t axis, std::int64_t rank)
{
    if (scale.numel() == 1)
        return scale.reshape({});
    std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
    shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = scale.numel();
    return scale.reshape(shape);
}

at::Tensor scaleOf(const OpCall &call, std::size_t input) { return call.tensor(input).to(at::kFloat); }

/// Sums of codes (float64, exact) in the output's codes. As ONNX Runtime: one float32 factor, rounded half to even.
at::Tensor requantized(const OpCall &call, const at::Tensor &sums, const at::Tensor &factor, std::size_t zeroPoint)
{
    const at::Tensor zero = call.tensor(zeroPoint);
    const auto type = zero.scalar_type();
    if (type != at::kChar && type != at::kByte)
        throw RunError("its output has codes of a type that is not run");
    const double low = type == at::kChar ? -128 : 0, high = type == at::kChar ? 127 : 255;
    const at::Tensor codes = at::round(sums.to(at::kFloat).mul(factor)).add(zero.to(at::kFloat));
    return at::clamp(codes, low, high).to(type);
}

Made qLinearConv(const OpCall &call)
{
    at::Tensor sums = asFloats(call, "Conv", {shiftedCodes(call, 0, 2, 0), shiftedCodes(call, 3, 5, 0)});
    if (call.input(8).isTensor())
        sums = sums.add(scaleAlong(call.tensor(8).to(at::kDouble), 1, sums.dim()));
    const at::Tensor factor = scaleOf(call, 1).mul(scaleOf(call, 4)).div(scaleOf(call, 6));
    return {requantized(call, sums, scaleAlong(factor, 1, sums.dim()), 7)};
}

Made qLinearMatMul(const OpCall &call)
{
    const at::Tensor sums = at::matmul(shiftedCodes(call, 0, 2, -2), shiftedCodes(call, 3, 5, kColumns));
    const at::Tensor factor = scaleOf(call, 1).mul(scaleOf(call, 4)).div(scaleOf(call, 6));
    return {requantized(call, sums, scaleAlong(factor, kColumns, sums.dim()), 7)};
}

Made matMulInteger(const OpCall &call)
{
    return {at::matmul(shiftedCodes(call, 0, 2, -2), shiftedCodes(call, 1, 3, kColumns)).to(at::kInt)};
}

Made convInteger(const OpCall &call)
{
    return {asFloats(call, "Conv", {shiftedCodes(call, 0, 2, 0), shiftedCodes(call, 1, 3, 0)}).to(at::kInt)};
}

/// A as az B bs bz [C] [ys yz]; C is int32 with the scale alpha * as * bs. Without ys it makes floats.
Made qGemm(const OpCall &call)
{
    const bool transA = call.node.integer("transA", 0) != 0, transB = call.node.integer("transB", 0) != 0;
    const Attribute *found = call.node.attribute("alpha");
    at::Tensor a = shiftedCodes(call, 0, 2, 0), b = shiftedCodes(call, 3, 5, transB ? 0 : 1);
    at::Tensor sums = at::matmul(transA ? a.t() : a, transB ? b.t() : b);
    if (call.input(6).isTensor())
        sums = sums.add(call.tensor(6).to(at::kDouble));
    at::Tensor factor = scaleOf(call, 1).mul(scaleOf(call, 4));
    if (found != nullptr)
        factor = factor.mul(found->f);
    if (!call.input(7).isTensor())
        return {sums.to(at::kFloat).mul(scaleAlong(factor, kColumns, 2))};
    return {requantized(call, sums, scaleAlong(factor.div(scaleOf(call, 7)), kColumns, 2), 8)};
}

/// A B as bs [az] [bz] [bias]
Made matMulIntegerToFloat(const OpCall &call)
{
    const at::Tensor sums = at::matmul(shiftedCodes(call, 0, 4, -2), shiftedCodes(call, 1, 5, kColumns));
    const at::Tensor factor = scaleOf(call, 2).mul(scaleAlong(scaleOf(call, 3), kColumns, sums.dim()));
    const at::Tensor out = sums.to(at::kFloat).mul(factor);
    return {call.input(6).isTensor() ? out.add(call.tensor(6)) : out};
}

/// A B bs [bz] [bias]: the floats are quantized as DynamicQuantizeLinear does it.
Made dynamicQuantizeMatMul(const OpCall &call)
{
    const OpFunction quantize = operatorFunction("", "DynamicQuantizeLinear");
    const std::vector<c10::IValue> input{call.input(0)};
    const Made quantized = quantize({call.node, call.file, call.opset, input});
    const at::Tensor a = quantized[0].toTensor().to(at::kDouble).sub(quantized[2].toTensor().to(at::kDouble));
    const at::Tensor sums = at::matmul(a, shiftedCodes(call, 1, 3, kColumns));
    const at::Tensor factor = quantized[1].toTensor().mul(scaleAlong(scaleOf(call, 2), kColumns, sums.dim()));
    const at::Tensor out = sums.to(at::kFloat).mul(factor);
    return {call.input(4).isTensor() ? out.add(call.tensor(4)) : out};
}

at::Tensor operandA(const OpCall &call) { return dequantizedInput(call, 0, 1, 2, 1); }
at::Tensor operandB(const OpCall &call) { return dequantizedInput(call, 3, 4, 5, 1); }

Made qLinearAdd(const OpCall &call) { return {quantizedOutput(call, operandA(call).add(operandB(call)), 6, 7)}; }

/// ((a - az) * (b - bz)) * (as * bs / cs) + cz
Made qLinearMul(const OpCall &call)
{
    const at::Tensor products = shiftedCodes(call, 0, 2, 1).mul(shiftedCodes(call, 3, 5, 1));
    const at::Tensor factor = scaleOf(call, 1).mul(scaleOf(call, 4)).div(scaleOf(call, 6)).reshape({});
    return {requantized(call, products, factor, 7)};
}

/// X xs xz ys yz, with an operator of floats between.
Made betweenCodes(const OpCall &call)
{
    constexpr std::string_view kPrefix = "QLinear";
    const std::string_view opType = std::string_view(call.node.opType).substr(kPrefix.size());
    return {quantizedOutput(call, asFloats(call, opType, {operandA(call)}), 3, 4)};
}

/// ys yz, then x xs xz of each
Made qLinearConcat(const OpCall &call)
{
    std::vector<at::Tensor> parts;
    for (std::size_t at = 2; at + 2 < call.inputs.size(); at += 3)
        parts.push_back(dequantizedInput(call, at, at + 1, at + 2, 1));
    if (parts.empty())
        throw RunError("it joins nothing");
    return {quantizedOutput(call, at::cat(parts, call.node.integer("axis", 0)), 0, 1)};
}

constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr std::array kIntegerRows = {
    OpRow{"", "QLinearConv", qLinearConv},
    OpRow{"", "QLinearMatMul", qLinearMatMul},
    OpRow{"", "MatMulInteger", matMulInteger},
    OpRow{"", "ConvInteger", convInteger},
    OpRow{kMicrosoft, "QLinearConv", qLinearConv},
    OpRow{kMicrosoft, "QGemm", qGemm},
    OpRow{kMicrosoft, "MatMulIntegerToFloat", matMulIntegerToFloat},
    OpRow{kMicrosoft, "DynamicQuantizeMatMul", dynamicQuantizeMatMul},
    OpRow{kMicrosoft, "QLinearAdd", qLinearAdd},
    OpRow{kMicrosoft, "QLinearMul", qLinearMul},
    OpRow{kMicrosoft, "QLinearConcat", qLinearConcat},
    OpRow{kMicrosoft, "QLinearSigmoid", betweenCodes},
    OpRow{kMicrosoft, "QLinearLeakyRelu", betweenCodes},
    OpRow{kMicrosoft, "QLinearAveragePool", betweenCodes},
    OpRow{kMicrosoft, "QLinearGlobalAveragePool", betweenCodes},
    OpRow{kMicrosoft, "QLinearSoftmax", betweenCodes},
};

} // namespace

std::span<const OpRow> integerOperators() { return kIntegerRows; }

} // namespace quantscope
