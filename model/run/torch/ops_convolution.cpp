#include "run/torch/ops_convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/det.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

Int64s numbersPerAxis(const OpCall &call, std::string_view name, std::size_t axes, std::int64_t missing)
{
    Int64s out = integersAttribute(call, name, Int64s(axes, missing));
    if (out.size() != axes)
        throw RunError(fmt::format("its attribute '{}' has {} numbers for {} axes", name, out.size(), axes));
    return out;
}

void readPads(const OpCall &call, Window &window, const Int64s &sizes)
{
    const std::size_t axes = sizes.size();
    window.before = window.after = Int64s(axes, 0);
    const std::string automatic = textAttribute(call, "auto_pad", "NOTSET");
    if (automatic == "NOTSET" || automatic.empty()) {
        const Int64s pads = integersAttribute(call, "pads", Int64s(2 * axes, 0));
        if (pads.size() != 2 * axes)
            throw RunError(fmt::format("its attribute 'pads' has {} numbers for {} axes", pads.size(), axes));
        requireSizes(pads, 0, "a padding");
        window.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
        window.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
    } else if (automatic != "VALID") {
        for (std::size_t i = 0; i < axes; ++i) {
            const std::int64_t count = (sizes[i] + window.strides[i] - 1) / window.strides[i];
            const std::int64_t total
                = std::max<std::int64_t>(0, (count - 1) * window.strides[i] + window.reach(i) - sizes[i]);
            window.before[i] = automatic == "SAME_LOWER" ? total - total / 2 : total / 2;
            window.after[i] = total - window.before[i];
        }
    }
}

Int64s kernelOf(const at::Tensor &x, const at::Tensor &weight)
{
    if (x.dim() < 3 || x.dim() != weight.dim())
        throw RunError(fmt::format(
            "its data has {} axes and its weight {}; a convolution wants as many, 3 at least", x.dim(), weight.dim()));
    return spatialSizes(weight);
}

at::Tensor convolved(const OpCall &call, at::Tensor x, const at::Tensor &weight)
{
    const Window window = windowOf(call, spatialSizes(x), kernelOf(x, weight));
    Int64s padding = window.before;
    if (!window.isSymmetric()) {
        x = paddedBy(x, window.before, window.after, 0);
        padding = Int64s(padding.size(), 0);
    }
    return at::convolution(x, weight, optionalTensor(call, 2), window.strides, padding, window.dilations, false,
        Int64s(padding.size(), 0), call.node.integer("group", 1));
}

OpValues convolution(const OpCall &call) { return oneValue(convolved(call, call.tensor(0), call.tensor(1))); }

/// QONNX turns its weight, too (custom_op/channels_last/base_wrapped_op.py).
OpValues convolutionOfLast(const OpCall &call)
{
    return oneValue(channelsLast(convolved(call, channelsFirst(call.tensor(0)), channelsFirst(call.tensor(1)))));
}

/// Where 'output_shape' or 'auto_pad' say how much of the result is cut off.
void transposedPads(const OpCall &call, Window &window, const Int64s &sizes, const Int64s &added)
{
    const std::string automatic = textAttribute(call, "auto_pad", "NOTSET");
    const bool same = automatic.starts_with("SAME");
    Int64s wanted = integersAttribute(call, "output_shape");
    if (wanted.size() > sizes.size())
        wanted.erase(wanted.begin(), wanted.end() - static_cast<std::ptrdiff_t>(sizes.size()));
    requireSizes(wanted, 0, "a size of 'output_shape'");
    if (wanted.empty() && !same)
        return;
    if (!wanted.empty() && wanted.size() != sizes.size())
        throw RunError("its attribute 'output_shape' has another number of axes than its data");
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const std::int64_t size = wanted.empty() ? sizes[i] * window.strides[i] : wanted[i];
        const std::int64_t total = window.strides[i] * (sizes[i] - 1) + added[i] + window.reach(i) - size;
        window.before[i] = total < 0 ? 0 : automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
        window.after[i] = total - window.before[i]; // below zero: what is missing stands behind
    }
}

OpValues transposedConvolution(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), weight = call.tensor(1);
    const at::Tensor bias = optionalTensor(call, 2);
    const Int64s sizes = spatialSizes(x);
    Window window = windowOf(call, sizes, kernelOf(x, weight));
    const Int64s added = numbersPerAxis(call, "output_padding", sizes.size(), 0);
    requireSizes(added, 0, "an output padding");
    transposedPads(call, window, sizes, added);
    const std::int64_t groups = call.node.integer("group", 1);
    bool plain = window.isSymmetric();
    for (std::size_t i = 0; i < sizes.size(); ++i)
        plain = plain && window.before[i] >= 0 && (added[i] < window.strides[i] || added[i] < window.dilations[i]);
    if (plain)
        return oneValue(
            at::convolution(x, weight, bias, window.strides, window.before, window.dilations, true, added, groups));
    const Int64s none(sizes.size(), 0);
    const at::Tensor whole = at::convolution(x, weight, {}, window.strides, none, window.dilations, true, none, groups);
    Int64s before = none, after = none;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        before[i] = -window.before[i];
        after[i] = added[i] - window.after[i];
    }
    at::Tensor cut = paddedBy(whole, before, after, 0);
    if (bias.defined()) {
        Int64s shape(static_cast<std::size_t>(cut.dim()), 1);
        shape[1] = bias.numel();
        cut = cut + bias.reshape(shape);
    }
    return oneValue(cut);
}

/// alpha * A * B + beta * C, as torch.nn.functional.linear computes it.
OpValues generalMatrixProduct(const OpCall &call)
{
    at::Tensor a = call.tensor(0), b = call.tensor(1);
    if (a.dim() != 2 || b.dim() != 2)
        throw RunError(fmt::format("it multiplies matrices, and its inputs have {} and {} axes", a.dim(), b.dim()));
    if (call.node.integer("transA", 0) != 0)
        a = a.t();
    if (call.node.integer("transB", 0) != 0)
        b = b.t();
    const double alpha = realAttribute(call, "alpha", 1);
    const at::Tensor c = optionalTensor(call, 2);
    const bool integers = c10::isIntegralType(a.scalar_type(), true);
    const auto scalar
        = [&](double number) { return integers ? at::Scalar(static_cast<std::int64_t>(number)) : at::Scalar(number); };
    if (c.defined())
        return oneValue(at::addmm(c, a, b, scalar(realAttribute(call, "beta", 1)), scalar(alpha)));
    const at::Tensor product = at::mm(a, b);
    return oneValue(alpha == 1 ? product : product * scalar(alpha));
}

OpValues matrixProduct(const OpCall &call) { return oneValue(at::matmul(call.tensor(0), call.tensor(1))); }

OpValues einsteinSum(const OpCall &call)
{
    std::vector<at::Tensor> operands;
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
        operands.push_back(call.tensor(i));
    return oneValue(at::einsum(textAttribute(call, "equation", ""), operands));
}

OpValues determinant(const OpCall &call) { return oneValue(at::det(call.tensor(0))); }

constexpr std::array kConvolutionRows = {
    OpRow{"", "Conv", convolution},
    OpRow{"qonnx.custom_op.channels_last", "Conv", convolutionOfLast},
    OpRow{"", "ConvTranspose", transposedConvolution},
    OpRow{"", "Gemm", generalMatrixProduct},
    OpRow{"", "MatMul", matrixProduct},
    OpRow{"", "Einsum", einsteinSum},
    OpRow{"", "Det", determinant},
};

} // namespace

Window windowOf(const OpCall &call, const Int64s &sizes, const Int64s &kernel)
{
    Window window;
    window.kernel = kernel.empty() ? numbersPerAxis(call, "kernel_shape", sizes.size(), 0) : kernel;
    window.strides = numbersPerAxis(call, "strides", sizes.size(), 1);
    window.dilations = numbersPerAxis(call, "dilations", sizes.size(), 1);
    requireSizes(window.kernel, 1, "a kernel's size");
    requireSizes(window.strides, 1, "a stride");
    requireSizes(window.dilations, 1, "a dilation");
    readPads(call, window, sizes);
    return window;
}

Int64s spatialSizes(const at::Tensor &x)
{
    if (x.dim() < 3)
        throw RunError(fmt::format("its input has {} axes; batch, channels and at least one more are wanted", x.dim()));
    return {x.sizes().begin() + 2, x.sizes().end()};
}

at::Tensor paddedBy(const at::Tensor &x, const Int64s &before, const Int64s &after, double value)
{
    Int64s pads, shape(x.sizes().begin(), x.sizes().end());
    for (std::size_t i = before.size(); i-- > 0;) {
        pads.push_back(before[i]);
        pads.push_back(after[i]);
        shape[shape.size() - before.size() + i] += before[i] + after[i];
    }
    requireElements(shape);
    if (std::ranges::all_of(pads, [](std::int64_t pad) { return pad == 0; }))
        return x;
    return at::constant_pad_nd(x, pads, value);
}

at::Tensor channelsFirst(const at::Tensor &x) { return x.movedim(-1, 1); }
at::Tensor channelsLast(const at::Tensor &x) { return x.movedim(1, -1); }

std::span<const OpRow> convolutionOperators() { return kConvolutionRows; }

} // namespace quantscope
