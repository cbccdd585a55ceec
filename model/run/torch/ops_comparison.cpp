#include "run/torch/ops_comparison.h"

#include "run/torch/op_arguments.h"

#include <ATen/ops/clamp.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <array>
#include <limits>

namespace quantscope {

namespace {

using Comparison = at::Tensor (*)(const at::Tensor &, const at::Tensor &);

template <Comparison function> OpValues compared(const OpCall &call)
{
    return oneValue(function(call.tensor(0), call.tensor(1)));
}

OpValues infinite(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const bool negative = call.node.integer("detect_negative", 1) != 0;
    const bool positive = call.node.integer("detect_positive", 1) != 0;
    if (negative && positive)
        return oneValue(at::isinf(x));
    if (!negative && !positive)
        return oneValue(at::zeros_like(x, x.options().dtype(at::kBool)));
    const double sought = std::numeric_limits<double>::infinity();
    return oneValue(at::eq(x, positive ? sought : -sought));
}

OpValues chosen(const OpCall &call) { return oneValue(at::where(call.tensor(0), call.tensor(1), call.tensor(2))); }

/// Before opset 11 the limits are attributes. The greater limit below the less one: the greater one counts, last.
OpValues clipped(const OpCall &call)
{
    at::Tensor x = call.tensor(0);
    for (const bool lower : {true, false}) {
        const char *name = lower ? "min" : "max";
        const at::Tensor limit = optionalTensor(call, lower ? 1 : 2);
        if (limit.defined())
            x = lower ? at::maximum(x, limit) : at::minimum(x, limit);
        else if (call.node.attribute(name) != nullptr)
            x = lower ? at::clamp(x, at::Scalar(realAttribute(call, name, 0)), c10::nullopt)
                      : at::clamp(x, c10::nullopt, at::Scalar(realAttribute(call, name, 0)));
    }
    return oneValue(x);
}

OpValues cast(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const Attribute *to = call.node.attribute("to");
    if (to == nullptr || to->kind != Attribute::Kind::Int)
        throw RunError("its attribute 'to' is not the number of a type");
    constexpr std::int64_t kUint16 = 4, kUint32 = 12; // held in a wider type: what is above must go
    const at::Tensor converted = x.to(onnxScalarType(to->i));
    if (to->i == kUint16 || to->i == kUint32)
        return oneValue(converted.bitwise_and(to->i == kUint16 ? std::int64_t{0xFFFF} : std::int64_t{0xFFFFFFFF}));
    return oneValue(converted);
}

OpValues castLike(const OpCall &call) { return oneValue(call.tensor(0).to(call.tensor(1).scalar_type())); }

constexpr std::array kComparisonRows = {
    OpRow{"", "Equal", compared<at::eq>},
    OpRow{"", "Less", compared<at::lt>},
    OpRow{"", "LessOrEqual", compared<at::le>},
    OpRow{"", "Greater", compared<at::gt>},
    OpRow{"", "GreaterOrEqual", compared<at::ge>},
    OpRow{"", "And", compared<at::logical_and>},
    OpRow{"", "Or", compared<at::logical_or>},
    OpRow{"", "Xor", compared<at::logical_xor>},
    OpRow{"", "Not", ofOneTensor<at::logical_not>},
    OpRow{"", "IsNaN", ofOneTensor<at::isnan>},
    OpRow{"", "IsInf", infinite},
    OpRow{"", "Where", chosen},
    OpRow{"", "Clip", clipped},
    OpRow{"", "Cast", cast},
    OpRow{"", "CastLike", castLike},
};

} // namespace

std::span<const OpRow> comparisonOperators() { return kComparisonRows; }

} // namespace quantscope
