#include "run/torch/ops_normalization.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/var.h>
#include <ATen/ops/zeros.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr double kUsualEpsilon = static_cast<double>(1e-5F);

Int64s allButChannels(const at::Tensor &x)
{
    Int64s axes;
    for (std::int64_t axis = 0; axis < x.dim(); ++axis)
        if (axis != 1)
            axes.push_back(axis);
    return axes;
}

OpValues batchNormInTraining(const OpCall &call, double epsilon)
{
    const at::Tensor x = call.tensor(0);
    const double momentum = realAttribute(call, "momentum", static_cast<double>(0.9F));
    const at::Tensor mean = at::mean(x, allButChannels(x)), variance = at::var(x, allButChannels(x), false);
    const at::Tensor y = at::batch_norm(x, call.tensor(1), call.tensor(2), mean, variance, false, 0, epsilon, false);
    const auto moved = [&](const at::Tensor &before, const at::Tensor &now) {
        return before * momentum + now.to(before.scalar_type()) * (1 - momentum);
    };
    return {y, moved(call.tensor(3), mean), moved(call.tensor(4), variance)};
}

OpValues batchNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const double epsilon = realAttribute(call, "epsilon", kUsualEpsilon);
    if (x.dim() < 2)
        throw RunError(fmt::format("its input has {} axes; batch and channels are wanted", x.dim()));
    if (call.node.integer("training_mode", 0) != 0)
        return batchNormInTraining(call, epsilon);
    return oneValue(
        at::batch_norm(x, call.tensor(1), call.tensor(2), call.tensor(3), call.tensor(4), false, 0, epsilon, false));
}

OpValues instanceNorm(const OpCall &call)
{
    return oneValue(at::instance_norm(call.tensor(0), call.tensor(1), call.tensor(2), {}, {}, true, 0,
        realAttribute(call, "epsilon", kUsualEpsilon), false));
}

OpValues layerNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", -1), x.dim());
    const c10::IntArrayRef shape = x.sizes().slice(static_cast<std::size_t>(axis));
    const at::Tensor bias = optionalTensor(call, 2);
    const auto [y, mean, deviation] = at::native_layer_norm(x, shape, call.tensor(1).expand(shape).contiguous(),
        bias.defined() ? bias.expand(shape).contiguous() : bias, realAttribute(call, "epsilon", kUsualEpsilon));
    return {y, mean, deviation};
}

/// Before opset 21 scale and bias are of the groups.
OpValues groupNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t groups = call.node.integer("num_groups", 0);
    if (x.dim() < 2 || groups < 1 || x.size(1) % groups != 0)
        throw RunError(fmt::format("its channels do not fall into {} groups", groups));
    const auto ofChannels = [&](std::size_t position) {
        const at::Tensor given = call.tensor(position);
        return given.numel() == x.size(1) ? given : given.repeat_interleave(x.size(1) / groups);
    };
    return oneValue(
        at::group_norm(x, groups, ofChannels(1), ofChannels(2), realAttribute(call, "epsilon", kUsualEpsilon), false));
}

OpValues localResponseNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t size = call.node.integer("size", 1);
    if (x.dim() < 2)
        throw RunError("its input has no channels");
    requireSizes({&size, 1}, 1, "its size");
    Int64s pads(static_cast<std::size_t>(x.dim() - 1) * 2, 0);
    pads[pads.size() - 2] = (size - 1) / 2;
    pads[pads.size() - 1] = size - 1 - (size - 1) / 2;
    requireElements(std::array{x.numel(), x.size(1) + size});
    const at::Tensor squares = at::constant_pad_nd(x * x, pads, 0);
    const at::Tensor sums = squares.unfold(1, size, 1).sum(-1);
    const double alpha = realAttribute(call, "alpha", static_cast<double>(1e-4F)) / static_cast<double>(size);
    return oneValue(x / (sums * alpha + realAttribute(call, "bias", 1)).pow(realAttribute(call, "beta", 0.75)));
}

OpValues meanVarianceNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const Int64s axes = axesOf(integersAttribute(call, "axes", {0, 2, 3}), x.dim());
    const at::Tensor mean = at::mean(x, axes, true);
    const at::Tensor deviation = (at::mean(x * x, axes, true) - mean * mean).sqrt();
    return oneValue((x - mean) / (deviation + 1e-9));
}

OpValues lpNorm(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", -1), x.dim());
    return oneValue(x / at::norm(x, call.node.integer("p", 2), axis, true));
}

/// Inference: nothing is dropped.
OpValues dropout(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const bool training = isGiven(call, 2) && realArgument(call, 2) != 0;
    const double ratio = isGiven(call, 1) ? realArgument(call, 1) : 0.5;
    if (training && ratio != 0)
        throw RunError("it drops values at random, as in training: export the network in evaluation mode");
    return {x, at::ones_like(x, x.options().dtype(at::kBool))};
}

constexpr std::array kNormalizationRows = {
    OpRow{"", "BatchNormalization", batchNorm},
    OpRow{"", "InstanceNormalization", instanceNorm},
    OpRow{"", "LayerNormalization", layerNorm},
    OpRow{"", "GroupNormalization", groupNorm},
    OpRow{"", "LRN", localResponseNorm},
    OpRow{"", "MeanVarianceNormalization", meanVarianceNorm},
    OpRow{"", "LpNormalization", lpNorm},
    OpRow{"", "Dropout", dropout},
};

} // namespace

std::span<const OpRow> normalizationOperators() { return kNormalizationRows; }

} // namespace quantscope
