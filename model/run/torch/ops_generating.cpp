#include "run/torch/ops_generating.h"

#include "run/torch/op_arguments.h"
#include "run/torch/tensor_values.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

OpValues constantOfShape(const OpCall &call)
{
    const Int64s shape = integersArgument(call, 0);
    requireElements(shape);
    const Attribute *value = call.node.attribute("value");
    if (value == nullptr)
        return oneValue(at::zeros(shape, at::TensorOptions(at::kFloat)));
    if (!value->tensor || call.file.tensors[*value->tensor].count() != 1)
        throw RunError("its attribute 'value' is not one number");
    const at::Tensor number = tensorOf(call.file.tensors[*value->tensor]);
    return oneValue(at::full(shape, number.item(), number.options()));
}

/// start + i * delta, as ONNX defines it, not by adding delta again and again.
OpValues range(const OpCall &call)
{
    const at::Tensor start = call.tensor(0);
    const double first = realArgument(call, 0), limit = realArgument(call, 1), delta = realArgument(call, 2);
    const double count = std::ceil((limit - first) / delta);
    if (!std::isfinite(count))
        throw RunError(fmt::format("it has no end from {} to {} in steps of {}", first, limit, delta));
    constexpr double kMost = 8589934592.0; // what requireElements() refuses, before it is an integer
    const auto elements = static_cast<std::int64_t>(std::fmin(std::fmax(count, 0), kMost));
    requireElements({&elements, 1});
    const at::Tensor steps = at::arange(elements, at::TensorOptions(at::kLong)).to(start.scalar_type());
    return oneValue(start.reshape({}) + steps * call.tensor(2).reshape({}));
}

OpValues eyeLike(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    if (x.dim() != 2)
        throw RunError(fmt::format("its input has {} axes instead of two", x.dim()));
    const Attribute *type = call.node.attribute("dtype");
    const at::Tensor rows = at::arange(x.size(0), at::TensorOptions(at::kLong)).unsqueeze(1);
    const at::Tensor columns = at::arange(x.size(1), at::TensorOptions(at::kLong));
    return oneValue(
        (columns - rows).eq(call.node.integer("k", 0)).to(type == nullptr ? x.scalar_type() : onnxScalarType(type->i)));
}

/// a - b cos(2 pi n / N) + c cos(4 pi n / N), where N is the number of elements, of a symmetric one less one.
OpValues window(const OpCall &call, double a, double b, double c)
{
    const std::int64_t elements = integerArgument(call, 0);
    requireSizes({&elements, 1}, 0, "a window's length");
    requireElements({&elements, 1});
    const bool isPeriodic = call.node.integer("periodic", 1) != 0;
    const auto period = static_cast<double>(std::max<std::int64_t>(1, isPeriodic ? elements : elements - 1));
    constexpr double kTurn = 6.283185307179586;
    const at::Tensor turns = at::arange(elements, at::TensorOptions(at::kDouble)).mul(kTurn / period);
    const at::Tensor made = turns.cos().mul(-b).add(a).add(turns.mul(2).cos().mul(c));
    return oneValue(made.to(onnxScalarType(call.node.integer("output_datatype", 1))));
}

OpValues hannWindow(const OpCall &call) { return window(call, 0.5, 0.5, 0); }
OpValues hammingWindow(const OpCall &call) { return window(call, 25.0 / 46, 21.0 / 46, 0); }
OpValues blackmanWindow(const OpCall &call) { return window(call, 0.42, 0.5, 0.08); }

constexpr std::array kGeneratingRows = {
    OpRow{"", "BlackmanWindow", blackmanWindow},
    OpRow{"", "HammingWindow", hammingWindow},
    OpRow{"", "HannWindow", hannWindow},
    OpRow{"", "ConstantOfShape", constantOfShape},
    OpRow{"", "Range", range},
    OpRow{"", "EyeLike", eyeLike},
};

} // namespace

std::span<const OpRow> generatingOperators() { return kGeneratingRows; }

} // namespace quantscope
