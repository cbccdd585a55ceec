#include "run/torch/quant_ops_integer.h"

#include "run/torch/quant_ops_linear.h"

#include <array>
#include <cstdint>
#include <initializer_list>

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

/// Floats in the codes of the output, with what was rounded where it is asked for.
Made roundedFloats(const OpCall &call, const at::Tensor &x, std::size_t scale)
{
    Made out{quantizedOutput(call, x, scale, scale + 1)};
    if (call.wantsUnrounded)
        out.emplace_back(x);
    return out;
}

/// Sums of codes in the codes of the output; before rounding they are sums times `step`, which is for one code more.
Made roundedSums(
    const OpCall &call, const at::Tensor &sums, const at::Tensor &step, std::size_t scale, std::int64_t axis)
{
    const at::Tensor factor = step.div(scaleOf(call, scale));
    Made out{requantized(call, sums, scaleAlong(factor, axis, sums.dim()), scale + 1)};
    if (call.wantsUnrounded)
        out.emplace_back(sums.to(at::kFloat).mul(scaleAlong(step, axis, sums.dim())));
    return out;
}

/// A bias of codes, whose scale is that of the products.
at::Tensor biasFloats(const OpCall &call, std::size_t bias, const at::Tensor &step)
{
    const at::Tensor given = call.tensor(bias).to(at::kFloat);
    return call.hasFloats(bias) ? given : given.mul(step.numel() == 1 ? step.reshape({}) : step);
}

Made qLinearConv(const OpCall &call)
{
    const at::Tensor step = scaleOf(call, 1).mul(scaleOf(call, 4));
    if (call.floats != 0) {
        at::Tensor made
            = asFloats(call, "Conv", {dequantizedInput(call, 0, 1, 2, 0), dequantizedInput(call, 3, 4, 5, 0)});
        if (call.input(8).isTensor())
            made = made.add(scaleAlong(biasFloats(call, 8, step), 1, made.dim()));
        return roundedFloats(call, made, 6);
    }
    at::Tensor sums = asFloats(call, "Conv", {shiftedCodes(call, 0, 2, 0), shiftedCodes(call, 3, 5, 0)});
    if (call.input(8).isTensor())
        sums = sums.add(scaleAlong(call.tensor(8).to(at::kDouble), 1, sums.dim()));
    return roundedSums(call, sums, step, 6, 1);
}

Made qLinearMatMul(const OpCall &call)
{
    if (call.floats != 0)
        return roundedFloats(
            call, at::matmul(dequantizedInput(call, 0, 1, 2, -2), dequantizedInput(call, 3, 4, 5, kColumns)), 6);
    const at::Tensor sums = at::matmul(shiftedCodes(call, 0, 2, -2), shiftedCodes(call, 3, 5, kColumns));
    return roundedSums(call, sums, scaleOf(call, 1).mul(scaleOf(call, 4)), 6, kColumns);
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
    const Attribute *alpha = call.node.attribute("alpha");
    const std::int64_t columns = transB ? 0 : 1;
    at::Tensor step = scaleOf(call, 1).mul(scaleOf(call, 4));
    if (alpha != nullptr)
        step = step.mul(alpha->f);
    const auto product
        = [&](const at::Tensor &a, const at::Tensor &b) { return at::matmul(transA ? a.t() : a, transB ? b.t() : b); };
    const bool hasBias = call.input(6).isTensor(), makesCodes = call.input(7).isTensor();
    if (call.floats != 0) {
        at::Tensor made = product(dequantizedInput(call, 0, 1, 2, 0), dequantizedInput(call, 3, 4, 5, columns));
        if (alpha != nullptr)
            made = made.mul(alpha->f);
        if (hasBias)
            made = made.add(biasFloats(call, 6, step));
        return makesCodes ? roundedFloats(call, made, 7) : Made{made, made};
    }
    at::Tensor sums = product(shiftedCodes(call, 0, 2, 0), shiftedCodes(call, 3, 5, columns));
    if (hasBias)
        sums = sums.add(call.tensor(6).to(at::kDouble));
    if (makesCodes)
        return roundedSums(call, sums, step, 7, kColumns);
    const at::Tensor made = sums.to(at::kFloat).mul(scaleAlong(step, kColumns, 2));
    return {made, made};
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

Made qLinearAdd(const OpCall &call) { return roundedFloats(call, operandA(call).add(operandB(call)), 6); }

/// ((a - az) * (b - bz)) * (as * bs / cs) + cz
Made qLinearMul(const OpCall &call)
{
    if (call.floats != 0)
        return roundedFloats(call, operandA(call).mul(operandB(call)), 6);
    const at::Tensor products = shiftedCodes(call, 0, 2, 1).mul(shiftedCodes(call, 3, 5, 1));
    return roundedSums(call, products, scaleOf(call, 1).mul(scaleOf(call, 4)).reshape({}), 6, 0);
}

/// X xs xz ys yz, with an operator of floats between.
Made betweenCodes(const OpCall &call)
{
    constexpr std::string_view kPrefix = "QLinear";
    const std::string_view opType = std::string_view(call.node.opType).substr(kPrefix.size());
    return roundedFloats(call, asFloats(call, opType, {operandA(call)}), 3);
}

/// ys yz, then x xs xz of each
Made qLinearConcat(const OpCall &call)
{
    std::vector<at::Tensor> parts;
    for (std::size_t at = 2; at + 2 < call.inputs.size(); at += 3)
        parts.push_back(dequantizedInput(call, at, at + 1, at + 2, 1));
    if (parts.empty())
        throw RunError("it joins nothing");
    return roundedFloats(call, at::cat(parts, call.node.integer("axis", 0)), 0);
}

constexpr std::string_view kMicrosoft = "com.microsoft";

/// A bit a position.
constexpr std::uint64_t inputsAt(std::initializer_list<unsigned> positions)
{
    std::uint64_t out = 0;
    for (const unsigned position : positions)
        out |= std::uint64_t{1} << position;
    return out;
}

constexpr CodesRole kRounds = CodesRole::Rounds;
constexpr std::uint64_t kOne = inputsAt({0}), kTwo = inputsAt({0, 3}), kConv = inputsAt({0, 3, 8}),
                        kGemm = inputsAt({0, 3, 6}),
                        kEach
    = inputsAt({2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38, 41, 44, 47, 50, 53, 56, 59, 62});

constexpr std::array kIntegerRows = {
    OpRow{"", "QLinearConv", qLinearConv, kRounds, kConv},
    OpRow{"", "QLinearMatMul", qLinearMatMul, kRounds, kTwo},
    OpRow{"", "MatMulInteger", matMulInteger},
    OpRow{"", "ConvInteger", convInteger},
    OpRow{kMicrosoft, "QLinearConv", qLinearConv, kRounds, kConv},
    OpRow{kMicrosoft, "QGemm", qGemm, kRounds, kGemm},
    OpRow{kMicrosoft, "MatMulIntegerToFloat", matMulIntegerToFloat},
    OpRow{kMicrosoft, "DynamicQuantizeMatMul", dynamicQuantizeMatMul},
    OpRow{kMicrosoft, "QLinearAdd", qLinearAdd, kRounds, kTwo},
    OpRow{kMicrosoft, "QLinearMul", qLinearMul, kRounds, kTwo},
    OpRow{kMicrosoft, "QLinearConcat", qLinearConcat, kRounds, kEach},
    OpRow{kMicrosoft, "QLinearSigmoid", betweenCodes, kRounds, kOne},
    OpRow{kMicrosoft, "QLinearLeakyRelu", betweenCodes, kRounds, kOne},
    OpRow{kMicrosoft, "QLinearAveragePool", betweenCodes, kRounds, kOne},
    OpRow{kMicrosoft, "QLinearGlobalAveragePool", betweenCodes, kRounds, kOne},
    OpRow{kMicrosoft, "QLinearSoftmax", betweenCodes, kRounds, kOne},
};

} // namespace

std::span<const OpRow> integerOperators() { return kIntegerRows; }

} // namespace quantscope
