#include "run/torch/ops_generating.h"

#include "run/torch/op_arguments.h"
#include "run/torch/tensor_values.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

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

constexpr std::array kGeneratingRows = {
    OpRow{"", "ConstantOfShape", constantOfShape},
    OpRow{"", "Range", range},
    OpRow{"", "EyeLike", eyeLike},
};

} // namespace

std::span<const OpRow> generatingOperators() { return kGeneratingRows; }

} // namespace quantscope
