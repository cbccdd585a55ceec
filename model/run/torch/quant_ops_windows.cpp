#include "run/torch/quant_ops_windows.h"

#include "run/torch/op_arguments.h"
#include "run/torch/quant_ops_finn.h"

#include <array>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// Two numbers, of rows and of columns.
Int64s ofRowsAndColumns(const OpCall &call, std::string_view name, Int64s missing, std::int64_t least)
{
    const Int64s out = integersAttribute(call, name, std::move(missing));
    if (out.size() != 2)
        throw RunError(fmt::format("its attribute '{}' has {} numbers for rows and columns", name, out.size()));
    requireSizes(out, least, fmt::format("a number of '{}'", name));
    return out;
}

/// N, H, W, C to N, rows, columns, kernel rows * kernel columns * C (QONNX, custom_op/general/im2col.py).
at::Tensor windowRows(const at::Tensor &x, const Int64s &kernel, const Int64s &strides, const Int64s &dilations)
{
    Int64s places, reach;
    for (std::size_t i = 0; i < 2; ++i) {
        reach.push_back((kernel[i] - 1) * dilations[i] + 1);
        places.push_back((x.size(static_cast<std::int64_t>(i) + 1) - reach[i]) / strides[i] + 1);
        if (x.size(static_cast<std::int64_t>(i) + 1) < reach[i])
            throw RunError(fmt::format(
                "its window is {} wide, and what it reads {}", reach[i], x.size(static_cast<std::int64_t>(i) + 1)));
    }
    requireElements(std::array{x.size(0), places[0], places[1], kernel[0] * kernel[1], x.size(3)});
    // N, rows, columns, C, kernel rows, kernel columns
    at::Tensor windows = x.unfold(1, reach[0], strides[0]).unfold(2, reach[1], strides[1]);
    if (dilations[0] > 1)
        windows = windows.slice(4, 0, reach[0], dilations[0]);
    if (dilations[1] > 1)
        windows = windows.slice(5, 0, reach[1], dilations[1]);
    return windows.permute({0, 1, 2, 4, 5, 3}).reshape({x.size(0), places[0], places[1], -1});
}

at::Tensor imageOf(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    if (x.dim() != 4)
        throw RunError(fmt::format("it reads images as N, H, W, C, and is given {} axes", x.dim()));
    return x;
}

OpValues im2Col(const OpCall &call)
{
    const at::Tensor x = imageOf(call);
    const Int64s pads = integersAttribute(call, "pad_amount", {0, 0, 0, 0}); // top, left, bottom, right
    if (pads.size() != 4)
        throw RunError(fmt::format("its attribute 'pad_amount' has {} numbers instead of 4", pads.size()));
    requireSizes(pads, 0, "a padding");
    requireElements(std::array{x.size(0), x.size(1) + pads[0] + pads[2], x.size(2) + pads[1] + pads[3], x.size(3)});
    const at::Tensor padded
        = at::constant_pad_nd(x, {0, 0, pads[1], pads[3], pads[0], pads[2]}, call.node.integer("pad_value", 0));
    return oneValue(windowRows(padded, ofRowsAndColumns(call, "kernel_size", {}, 1),
        ofRowsAndColumns(call, "stride", {}, 1), ofRowsAndColumns(call, "dilations", {1, 1}, 1)));
}

/// FINN's sliding window: 'depthwise' orders what the hardware streams, and not what QONNX calls its output.
OpValues convolutionInput(const OpCall &call)
{
    return oneValue(windowRows(imageOf(call), ofRowsAndColumns(call, "ConvKernelDim", {}, 1),
        ofRowsAndColumns(call, "Stride", {1, 1}, 1), ofRowsAndColumns(call, "Dilation", {1, 1}, 1)));
}

/// What makes the windows hands them over with all channels of a place behind each other; what streams them for that
/// many at a time interleaves them.
std::int64_t channelsAtOnce(const OpCall &call, std::int64_t channels)
{
    const Node *maker = call.file.graph->producerOf(call.node.input(0));
    if (maker != nullptr && (maker->opType == "Im2Col" || maker->opType.starts_with("ConvolutionInputGenerator")))
        return channels;
    const std::int64_t atOnce = call.node.integer("PE", channels);
    if (atOnce < 1 || channels % atOnce != 0)
        throw RunError(fmt::format("its attribute 'PE' is {}, which does not divide {} channels", atOnce, channels));
    return atOnce;
}

/// FINN, custom_op/fpgadataflow/vectorvectoractivation.py: each channel of a window with its own kernel, of bipolar
/// operands the number of bits that agree, then thresholds.
OpValues vectorVectorActivation(const OpCall &call)
{
    const at::Tensor x = imageOf(call).to(at::kFloat), weight = call.tensor(1).to(at::kFloat);
    if (weight.dim() != 4 || weight.size(1) != 1 || weight.numel() == 0)
        throw RunError("its weight is no kernel for each channel");
    const std::int64_t channels = weight.size(0), places = weight.size(2) * weight.size(3);
    const std::int64_t atOnce = channelsAtOnce(call, channels);
    if (x.size(3) != channels * places)
        throw RunError(fmt::format(
            "its windows have {} elements, where {} channels of {} places are needed", x.size(3), channels, places));
    const at::Tensor windows = x.reshape({x.size(0), x.size(1), x.size(2), channels / atOnce, places, atOnce})
                                   .permute({0, 1, 2, 3, 5, 4})
                                   .reshape({x.size(0), x.size(1), x.size(2), channels, places});
    const at::Tensor sums = windows.mul(weight.reshape({channels, places})).sum(-1);
    const bool bipolar = textAttribute(call, "weightDataType", "") == "BIPOLAR"
        && textAttribute(call, "inputDataType", "") == "BIPOLAR";
    return oneValue(activatedByThresholds(call, bipolar ? sums.add(static_cast<double>(places)).div(2) : sums));
}

/// The number of bits that agree (QONNX, custom_op/general/xnorpopcount.py).
OpValues xnorPopcountMatMul(const OpCall &call)
{
    const at::Tensor a = call.tensor(0).to(at::kFloat).mul(2).sub(1), b = call.tensor(1).to(at::kFloat).mul(2).sub(1);
    if (a.dim() == 0)
        throw RunError("it multiplies matrices, and is given a number");
    return oneValue(at::matmul(a, b).add(static_cast<double>(a.size(-1))).mul(0.5));
}

/// Rows of a table by their numbers.
OpValues lookup(const OpCall &call)
{
    const at::Tensor numbers = call.tensor(0).to(at::kLong), table = call.tensor(1);
    if (table.dim() != 2)
        throw RunError("its table is no matrix");
    return oneValue(at::embedding(table, numbers));
}

constexpr std::array kWindowRows = {
    OpRow{"qonnx.custom_op.general", "Im2Col", im2Col},
    OpRow{"qonnx.custom_op.general", "XnorPopcountMatMul", xnorPopcountMatMul},
    OpRow{kAnyDomain, "ConvolutionInputGenerator", convolutionInput},
    OpRow{kAnyDomain, "ConvolutionInputGenerator1D", convolutionInput},
    OpRow{kAnyDomain, "ConvolutionInputGenerator_hls", convolutionInput},
    OpRow{kAnyDomain, "ConvolutionInputGenerator_rtl", convolutionInput},
    OpRow{kAnyDomain, "VectorVectorActivation", vectorVectorActivation},
    OpRow{kAnyDomain, "Vector_Vector_Activate_Batch", vectorVectorActivation},
    OpRow{kAnyDomain, "VVAU", vectorVectorActivation},
    OpRow{kAnyDomain, "VVAU_hls", vectorVectorActivation},
    OpRow{kAnyDomain, "VVAU_rtl", vectorVectorActivation},
    OpRow{"finn.custom_op.fpgadataflow", "Lookup", lookup},
    OpRow{"finn.custom_op.fpgadataflow.hls", "Lookup_hls", lookup},
};

} // namespace

std::span<const OpRow> windowOperators() { return kWindowRows; }

} // namespace quantscope
