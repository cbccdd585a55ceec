#include "run/torch/ops_elementwise.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/add.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/div.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/fmod.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/round.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <array>

namespace quantscope {

namespace {

using Unary = at::Tensor (*)(const at::Tensor &);
using Binary = at::Tensor (*)(const at::Tensor &, const at::Tensor &);

bool holdsIntegers(const at::Tensor &x) { return c10::isIntegralType(x.scalar_type(), true); }

template <Unary function> OpValues mapped(const OpCall &call) { return oneValue(function(call.tensor(0))); }

/// Rounding leaves integers alone, for which libtorch has no function.
template <Unary function> OpValues rounded(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return oneValue(holdsIntegers(x) ? x : function(x));
}

/// Opsets before 7 broadcast along an axis that they name.
at::Tensor secondOperand(const OpCall &call)
{
    const at::Tensor a = call.tensor(0), b = call.tensor(1);
    const Attribute *named = call.node.attribute("axis");
    if (named == nullptr || call.node.integer("broadcast", 0) == 0)
        return b;
    Int64s shape(b.sizes().begin(), b.sizes().end());
    for (std::int64_t behind = a.dim() - axisOf(named->i, a.dim()) - b.dim(); behind > 0; --behind)
        shape.push_back(1);
    return b.reshape(shape);
}

template <Binary function> OpValues combined(const OpCall &call)
{
    return oneValue(function(call.tensor(0), secondOperand(call)));
}

at::Tensor sum(const at::Tensor &a, const at::Tensor &b) { return at::add(a, b); }
at::Tensor difference(const at::Tensor &a, const at::Tensor &b) { return at::sub(a, b); }

/// The least integer over -1 has no result: a processor stops there.
at::Tensor withoutMinusOne(const at::Tensor &divisor)
{
    return at::where(divisor == -1, at::full_like(divisor, 1), divisor);
}

/// Integers towards zero.
at::Tensor quotient(const at::Tensor &a, const at::Tensor &b)
{
    if (!holdsIntegers(a) || !holdsIntegers(b))
        return at::div(a, b);
    return at::where(b == -1, at::neg(a), at::div(a, withoutMinusOne(b), "trunc"));
}

OpValues modulo(const OpCall &call)
{
    const at::Tensor a = call.tensor(0);
    at::Tensor b = call.tensor(1);
    if (holdsIntegers(b) && b.scalar_type() != at::kByte)
        b = withoutMinusOne(b);
    return oneValue(call.node.integer("fmod", 0) != 0 ? at::fmod(a, b) : at::remainder(a, b));
}

/// By a number where the exponent is one, as x ** 2 in Python does: its square is exact where a power may not be.
OpValues power(const OpCall &call)
{
    const at::Tensor base = call.tensor(0);
    const at::Tensor exponent = secondOperand(call);
    at::Tensor raised;
    if (exponent.dim() <= base.dim() && exponent.numel() == 1)
        raised = at::pow(
            holdsIntegers(base) && !holdsIntegers(exponent) ? base.to(exponent.scalar_type()) : base, exponent.item());
    else
        raised = at::pow(base, exponent);
    return oneValue(raised.to(base.scalar_type()));
}

template <Binary function> OpValues folded(const OpCall &call)
{
    at::Tensor result = call.tensor(0);
    for (std::size_t i = 1; i < call.inputs.size(); ++i)
        result = function(result, call.tensor(i));
    return oneValue(result);
}

OpValues meanOfInputs(const OpCall &call)
{
    return oneValue(folded<sum>(call)[0].toTensor() / static_cast<std::int64_t>(call.inputs.size()));
}

OpValues bitShifted(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), by = call.tensor(1);
    const bool left = textAttribute(call, "direction", "") == "LEFT";
    const at::Tensor shifted = left ? x.__lshift__(by) : x.__rshift__(by);
    return oneValue(at::where(by >= static_cast<std::int64_t>(x.element_size()) * 8, at::zeros_like(x), shifted));
}

constexpr std::array kElementwiseRows = {
    OpRow{"", "Abs", mapped<at::abs>},
    OpRow{"", "Acos", mapped<at::acos>},
    OpRow{"", "Acosh", mapped<at::acosh>},
    OpRow{"", "Asin", mapped<at::asin>},
    OpRow{"", "Asinh", mapped<at::asinh>},
    OpRow{"", "Atan", mapped<at::atan>},
    OpRow{"", "Atanh", mapped<at::atanh>},
    OpRow{"", "Ceil", rounded<at::ceil>},
    OpRow{"", "Cos", mapped<at::cos>},
    OpRow{"", "Cosh", mapped<at::cosh>},
    OpRow{"", "Erf", mapped<at::erf>},
    OpRow{"", "Exp", mapped<at::exp>},
    OpRow{"", "Floor", rounded<at::floor>},
    OpRow{"", "Log", mapped<at::log>},
    OpRow{"", "Neg", mapped<at::neg>},
    OpRow{"", "Reciprocal", mapped<at::reciprocal>},
    OpRow{"", "Round", rounded<at::round>},
    OpRow{"", "Sign", mapped<at::sign>},
    OpRow{"", "Sin", mapped<at::sin>},
    OpRow{"", "Sinh", mapped<at::sinh>},
    OpRow{"", "Sqrt", mapped<at::sqrt>},
    OpRow{"", "Tan", mapped<at::tan>},
    OpRow{"", "BitwiseNot", mapped<at::bitwise_not>},
    OpRow{"", "Add", combined<sum>},
    OpRow{"", "Sub", combined<difference>},
    OpRow{"", "Mul", combined<at::mul>},
    OpRow{"", "Div", combined<quotient>},
    OpRow{"", "Pow", power},
    OpRow{"", "Mod", modulo},
    OpRow{"", "BitwiseAnd", combined<at::bitwise_and>},
    OpRow{"", "BitwiseOr", combined<at::bitwise_or>},
    OpRow{"", "BitwiseXor", combined<at::bitwise_xor>},
    OpRow{"", "BitShift", bitShifted},
    OpRow{"", "Max", folded<at::maximum>},
    OpRow{"", "Min", folded<at::minimum>},
    OpRow{"", "Sum", folded<sum>},
    OpRow{"", "Mean", meanOfInputs},
    OpRow{"finn.custom_op.fpgadataflow", "AddStreams_Batch", folded<sum>},
    OpRow{"finn.custom_op.fpgadataflow.hls", "AddStreams_hls", folded<sum>},
};

} // namespace

std::span<const OpRow> elementwiseOperators() { return kElementwiseRows; }

} // namespace quantscope
