#include "run/torch/quant_ops.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "quant/kernels.h"
#include "run/torch/quant_parameters.h"
#include "run/torch/quantize_tensor.h"

#include <array>
#include <cmath>

#include <ATen/ops/clamp.h>
#include <ATen/ops/empty_like.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

using Made = std::vector<c10::IValue>;

Made quant(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return {quantizedValues(x, affineOf(call, 1, "", x.dim()))};
}

Made bipolarQuant(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Quantizer q;
    q.kind = QuantizerKind::Binary;
    q.rule = CodeRule::Threshold;
    q.scale = broadcastParameter(call.tensor(1), x.dim());
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.bitWidth = 1;
    q.isSigned = true;
    return {quantizedValues(x, q)};
}

at::Tensor roundedAs(const at::Tensor &x, Rounding rounding)
{
    const at::Tensor from = x.contiguous(), out = at::empty_like(from);
    const std::span<const float> in(from.data_ptr<float>(), static_cast<std::size_t>(from.numel()));
    for (std::size_t i = 0; i < in.size(); ++i)
        out.data_ptr<float>()[i] = roundWith(in[i], rounding);
    return out;
}

/// Version 1 of QONNX and Brevitas drops bits by a shift, and keeps scale and zero point; version 2 says the scale
/// behind, clamps, and divides the zero point too.
Made trunc(const OpCall &call)
{
    constexpr int kMostBits = 62;
    const bool second = call.node.inputs.size() >= 6;
    const at::Tensor scale = call.tensor(1).to(at::kFloat), zero = call.tensor(2).to(at::kFloat);
    const Rounding rounding = roundingOf(call, "rounding_mode", Rounding::Floor);
    at::Tensor codes = roundedAs(call.tensor(0).to(at::kFloat).div(scale).add(zero), Rounding::Round);
    if (!second) {
        const int before = wholeNumber(call, 3, "bit width", 1, kMostBits);
        const int behind = wholeNumber(call, 4, "bit width", 1, kMostBits);
        codes = roundedAs(codes.div(std::ldexp(1.0f, before - behind)), rounding);
        return {codes.sub(zero).mul(scale)};
    }
    const float before = oneNumber(call, 1, "scale"), behind = oneNumber(call, 4, "scale");
    const int bits = wholeNumber(call, 5, "bit width", 1, kMostBits);
    const CodeRange range = codeRange(bits, flagOf(call, "signed", true), flagOf(call, "narrow", false));
    const float factor = std::exp2(std::nearbyint(std::log2(behind / before)));
    codes = at::clamp(codes.div(factor), static_cast<double>(range.min), static_cast<double>(range.max));
    return {roundedAs(codes, rounding).sub(zero.div(factor)).mul(behind)};
}

Made floatQuant(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Quantizer q;
    q.kind = QuantizerKind::Minifloat;
    q.rule = CodeRule::MinifloatPattern;
    q.minifloat.exponentBits = wholeNumber(call, 2, "exponent width", 1, 8);
    q.minifloat.mantissaBits = wholeNumber(call, 3, "mantissa width", 0, 22);
    q.minifloat.statedBias = wholeNumber(call, 4, "exponent bias", -1000, 1000);
    if (call.input(5).isTensor())
        q.minifloat.statedLargest = oneNumber(call, 5, "largest value");
    if (!isDecodedMinifloat(q.minifloat) || !(largestMinifloat(q.minifloat) > 0))
        throw RunError("its small float is not known here");
    q.minifloat.statedLargest = largestMinifloat(q.minifloat);
    if (!flagOf(call, "saturation", true))
        q.minifloat.overflow
            = flagOf(call, "has_inf", false) ? MinifloatFormat::Overflow::Infinity : MinifloatFormat::Overflow::Nan;
    q.scale = broadcastParameter(call.tensor(1), x.dim());
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    q.bitWidth = 1 + q.minifloat.exponentBits + q.minifloat.mantissaBits;
    q.isSigned = true;
    q.rounding = roundingOf(call, "rounding_mode", Rounding::Round);
    return {quantizedValues(x, q)};
}

int wholeAttribute(const OpCall &call, const char *name, int low, int high)
{
    const Attribute *found = call.node.attribute(name);
    const auto number = found == nullptr      ? std::nullopt
        : found->kind == Attribute::Kind::Int ? std::optional(found->i)
                                              : parseNumber<std::int64_t>(found->s);
    if (!number || *number < low || *number > high)
        throw RunError(fmt::format("its attribute {} is no whole number from {} to {}", name, low, high));
    return static_cast<int>(*number);
}

/// Vitis AI's: signed codes, half to even, a scale of 2^-pos.
Made fixNeuron(const OpCall &call)
{
    Quantizer q;
    q.bitWidth = wholeAttribute(call, "bit_width", 1, 62);
    q.isSigned = true;
    q.zeroPoint = Granular{{}, std::nullopt, {0.0f}};
    if (call.node.attribute("pos") != nullptr) {
        q.scale = Granular{{}, std::nullopt, {std::ldexp(1.0f, -wholeAttribute(call, "pos", -120, 120))}};
    } else {
        q.rule = CodeRule::DivideRoundAdd;
        q.scale = Granular{{}, std::nullopt, {oneNumber(call, 1, "scale")}};
        if (call.input(2).isTensor())
            q.zeroPoint->values[0] = oneNumber(call, 2, "zero point");
    }
    return {quantizedValues(call.tensor(0), q)};
}

constexpr std::string_view kQonnx = "qonnx.custom_op.general";

constexpr std::array kQuantRows = {
    OpRow{kQonnx, "Quant", quant},
    OpRow{kQonnx, "IntQuant", quant},
    OpRow{"", "Quant", quant},
    OpRow{kQonnx, "BipolarQuant", bipolarQuant},
    OpRow{kQonnx, "Trunc", trunc},
    OpRow{kQonnx, "FloatQuant", floatQuant},
    OpRow{kAnyDomain, "FixNeuron", fixNeuron},
};

} // namespace

std::span<const OpRow> quantOperators() { return kQuantRows; }

} // namespace quantscope
