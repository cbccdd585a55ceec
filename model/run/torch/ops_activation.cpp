#include "run/torch/ops_activation.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <array>

namespace quantscope {

namespace {

OpValues leakyRelu(const OpCall &call)
{
    return oneValue(at::leaky_relu(call.tensor(0), realAttribute(call, "alpha", 0.01)));
}

/// The slope broadcasts from the last axis, as all of ONNX does; at::prelu's would stand at axis 1.
OpValues parametricRelu(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    at::Tensor slope = call.tensor(1);
    if (call.opset != 0 && call.opset < 7 && slope.dim() == 1 && x.dim() > 2) { // one for each channel
        Int64s shape(static_cast<std::size_t>(x.dim()) - 1, 1);
        shape[0] = slope.numel();
        slope = slope.reshape(shape);
    }
    return oneValue(at::where(x < 0, x * slope, x));
}

OpValues elu(const OpCall &call) { return oneValue(at::elu(call.tensor(0), realAttribute(call, "alpha", 1))); }

OpValues selu(const OpCall &call)
{
    return oneValue(at::elu(call.tensor(0), realAttribute(call, "alpha", 1.67326319217681884765625),
        realAttribute(call, "gamma", 1.05070102214813232421875)));
}

OpValues celu(const OpCall &call)
{
    const double alpha = realAttribute(call, "alpha", 1);
    return oneValue(at::elu(call.tensor(0), alpha, 1, 1 / alpha));
}

OpValues hardSigmoid(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const double alpha = realAttribute(call, "alpha", static_cast<double>(0.2F));
    const double beta = realAttribute(call, "beta", 0.5);
    if (static_cast<float>(alpha) == 1.0F / 6 && beta == 0.5)
        return oneValue(at::hardsigmoid(x)); // what torch exports so, with its bits
    return oneValue(at::clamp(x * alpha + beta, 0, 1));
}

OpValues softplus(const OpCall &call) { return oneValue(at::softplus(call.tensor(0))); }

OpValues softsign(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return oneValue(x / (x.abs() + 1));
}

OpValues thresholdedRelu(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    return oneValue(at::where(x > realAttribute(call, "alpha", 1), x, at::zeros_like(x)));
}

OpValues shrink(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const double bias = realAttribute(call, "bias", 0), limit = realAttribute(call, "lambd", 0.5);
    const at::Tensor above = at::where(x > limit, x - bias, at::zeros_like(x));
    return oneValue(at::where(x < -limit, x + bias, above));
}

OpValues gelu(const OpCall &call)
{
    return oneValue(at::gelu(call.tensor(0), textAttribute(call, "approximate", "none")));
}

OpValues biasedGelu(const OpCall &call) { return oneValue(at::gelu(call.tensor(0) + call.tensor(1))); }

/// Before opset 13 all axes from the named one on are one.
template <class Function> OpValues alongAxis(const OpCall &call, const Function &function)
{
    const at::Tensor x = call.tensor(0);
    if (call.opset >= 13 || call.opset == 0)
        return oneValue(x.dim() == 0 ? function(x.reshape({1}), 0).reshape({})
                                     : function(x, axisOf(call.node.integer("axis", -1), x.dim())));
    const std::int64_t given = call.node.integer("axis", 1);
    const std::int64_t axis = given == x.dim() ? given : axisOf(given, x.dim());
    std::int64_t rows = 1;
    for (std::int64_t i = 0; i < axis; ++i)
        rows *= x.size(i);
    std::int64_t columns = 1;
    for (std::int64_t i = axis; i < x.dim(); ++i)
        columns *= x.size(i);
    return oneValue(function(x.reshape({rows, columns}), 1).reshape(x.sizes()));
}

OpValues softmax(const OpCall &call)
{
    return alongAxis(call, [](const at::Tensor &x, std::int64_t axis) { return at::softmax(x, axis); });
}

OpValues logSoftmax(const OpCall &call)
{
    return alongAxis(call, [](const at::Tensor &x, std::int64_t axis) { return at::log_softmax(x, axis); });
}

OpValues hardmax(const OpCall &call)
{
    return alongAxis(call, [](const at::Tensor &x, std::int64_t axis) {
        return at::zeros_like(x).scatter(axis, x.argmax(axis, true), 1);
    });
}

constexpr std::array kActivationRows = {
    OpRow{"", "Relu", ofOneTensor<at::relu>},
    OpRow{"", "LeakyRelu", leakyRelu},
    OpRow{"", "PRelu", parametricRelu},
    OpRow{"", "Elu", elu},
    OpRow{"", "Selu", selu},
    OpRow{"", "Celu", celu},
    OpRow{"", "HardSigmoid", hardSigmoid},
    OpRow{"", "HardSwish", ofOneTensor<at::hardswish>},
    OpRow{"", "Sigmoid", ofOneTensor<at::sigmoid>},
    OpRow{"", "Tanh", ofOneTensor<at::tanh>},
    OpRow{"", "Softplus", softplus},
    OpRow{"", "Softsign", softsign},
    OpRow{"", "ThresholdedRelu", thresholdedRelu},
    OpRow{"", "Shrink", shrink},
    OpRow{"", "Mish", ofOneTensor<at::mish>},
    OpRow{"", "Gelu", gelu},
    OpRow{"com.microsoft", "Gelu", gelu},
    OpRow{"com.microsoft", "BiasGelu", biasedGelu},
    OpRow{"", "Softmax", softmax},
    OpRow{"", "LogSoftmax", logSoftmax},
    OpRow{"", "Hardmax", hardmax},
};

} // namespace

std::span<const OpRow> activationOperators() { return kActivationRows; }

} // namespace quantscope
